"""Docker's engine and command line without a login: push, pull, run, manifest create/push/inspect. An address in
127.0.0.0/8 needs no setting: the engine takes it for insecure by itself."""

import json
import pathlib
import shutil

import pytest

from harness import content
from harness.clients import Docker, need, run
from harness.content import ANY, DOCKER_LIST
from harness.repository import Repository

BUSYBOX = "/bin/busybox"


@pytest.fixture(scope="module")
def docker(tmp_path_factory):
    engine = Docker(tmp_path_factory.mktemp("docker"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def built(docker, tmp_path_factory):
    need(BUSYBOX)
    context = tmp_path_factory.mktemp("context")
    shutil.copy(BUSYBOX, context / "busybox")
    (context / "Dockerfile").write_text('FROM scratch\nCOPY busybox /bin/busybox\nCMD ["/bin/busybox", "echo", "hello from berth"]\n')
    docker("build", "-q", "-t", "hello:v1", context)
    return "hello:v1"


def push(docker, image, target):
    docker("tag", image, target)
    return docker("push", target)


def forget(docker, *images):
    for image in images:
        docker("rmi", "--force", image)


def test_push_pull_run(berth, docker, built):
    target = f"{berth.address}/docker/hello:v1"
    push(docker, built, target)
    stored = Repository(berth.client, "docker/hello").get_manifest("v1", accept=ANY).expect(200)
    assert stored["Content-Type"] == content.DOCKER_MANIFEST
    forget(docker, target)
    assert stored["Docker-Content-Digest"] in docker("pull", target)
    assert docker("run", "--rm", "--network=none", target).strip() == "hello from berth"


def test_push_again_says_that_layers_exist(berth, docker, built):
    target = f"{berth.address}/docker/again:v1"
    push(docker, built, target)
    assert "Layer already exists" in docker("push", target)


def test_push_to_a_second_repository_mounts(berth, docker, built):
    push(docker, built, f"{berth.address}/docker/first:v1")
    assert "Mounted from docker/first" in push(docker, built, f"{berth.address}/docker/second:v1") or \
        "Mounted from docker/" in docker("push", f"{berth.address}/docker/second:v1") or \
        "Layer already exists" in docker("push", f"{berth.address}/docker/second:v1")
    Repository(berth.client, "docker/second").get_manifest("v1", accept=ANY).expect(200)


def test_push_all_tags(berth, docker, built):
    name = f"{berth.address}/docker/tags"
    for tag in ("a", "b", "c"):
        docker("tag", built, f"{name}:{tag}")
    docker("push", "--all-tags", name)
    assert Repository(berth.client, "docker/tags").tag_names() == ["a", "b", "c"]
    forget(docker, *(f"{name}:{tag}" for tag in ("a", "b", "c")))
    docker("pull", "--all-tags", name)
    docker("image", "inspect", f"{name}:b")


def test_pull_by_digest(berth, docker, built):
    target = f"{berth.address}/docker/digest:v1"
    push(docker, built, target)
    digest = Repository(berth.client, "docker/digest").get_manifest("v1", accept=ANY)["Docker-Content-Digest"]
    forget(docker, target)
    docker("pull", f"{berth.address}/docker/digest@{digest}")


def test_pull_what_others_pushed(berth, docker):
    """An OCI image and an OCI index that no Docker made."""
    repository = Repository(berth.client, "docker/foreign")
    image = repository.push(content.image([content.layer({"hello": b"x"})]), "oci")
    index = repository.push(content.multi_arch(), "index")
    assert image.digest in docker("pull", f"{berth.address}/docker/foreign:oci")
    assert index.digest in docker("pull", f"{berth.address}/docker/foreign:index")
    listed = repository.push(content.multi_arch("docker"), "list")
    assert listed.digest in docker("pull", f"{berth.address}/docker/foreign:list")


def test_manifest_create_push_inspect(berth, docker, built):
    name = f"{berth.address}/docker/multi"
    repository = Repository(berth.client, "docker/multi")
    push(docker, built, f"{name}:amd64")
    arm = repository.push(content.image(kind="docker", architecture="arm64"), "arm64")
    docker("manifest", "create", "--insecure", f"{name}:v1", f"{name}:amd64", f"{name}:arm64")
    docker("manifest", "annotate", f"{name}:v1", f"{name}:arm64", "--arch", "arm64", "--variant", "v8")
    docker("manifest", "push", "--insecure", f"{name}:v1")
    stored = repository.get_manifest("v1", accept=ANY).expect(200)
    assert stored["Content-Type"] == DOCKER_LIST
    assert {entry["digest"] for entry in stored.json["manifests"]} >= {arm.digest} and len(stored.json["manifests"]) == 2
    shown = json.loads(docker("manifest", "inspect", "--insecure", f"{name}:v1"))
    assert [entry["digest"] for entry in shown["manifests"]] == [entry["digest"] for entry in stored.json["manifests"]]
    docker("pull", f"{name}:v1")
    assert docker("run", "--rm", "--network=none", f"{name}:v1").strip() == "hello from berth"


def test_a_layer_of_many_megabytes(berth, docker, tmp_path):
    """More than one PATCH buffer, streamed chunked by the engine."""
    (tmp_path / "big").write_bytes(content.random_bytes(30_000_000))
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY big /big\n")
    target = f"{berth.address}/docker/big:v1"
    docker("build", "-q", "-t", target, tmp_path)
    docker("push", target)
    forget(docker, target)
    docker("pull", target)
    docker("save", "-o", tmp_path / "out.tar", target)
    assert pathlib.Path(tmp_path / "out.tar").stat().st_size > 30_000_000


def test_unknown_images_fail_cleanly(berth, docker):
    for reference in (":none", "@" + content.digest_of(b"none")):
        result = run("docker", "pull", f"{berth.address}/docker/none{reference}", env=docker.env, check=False)
        assert result.returncode != 0 and ("manifest unknown" in result.stderr or "not found" in result.stderr), result.stderr


def test_login_where_nobody_has_to(berth, docker):
    """Scripts log in everywhere; a registry without authentication takes any name."""
    assert "Login Succeeded" in docker("login", "-u", "anyone", "--password-stdin", berth.address, text_input="anything")
    docker("logout", berth.address)
