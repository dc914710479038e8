"""podman and buildah: build from scratch, push, pull, run (issue, "What it must show" 2)."""

import pytest

from harness.clients import Containers, need, run
from harness.content import ANY
from harness.repository import Repository

BUSYBOX = "/bin/busybox"


@pytest.fixture(scope="module")
def containers(tmp_path_factory):
    tools = Containers(tmp_path_factory.mktemp("containers"))
    yield tools
    tools.close()


@pytest.fixture(scope="module")
def built(containers):
    """An image from scratch that says which one it is."""
    need(BUSYBOX)
    container = containers.buildah("from", "scratch").strip()
    containers.buildah("copy", container, BUSYBOX, "/bin/busybox")
    containers.buildah("config", "--entrypoint", '["/bin/busybox"]', "--cmd", "echo hello from berth", container)
    containers.buildah("commit", container, "localhost/hello:v1")
    return "localhost/hello:v1"


def test_buildah_push_podman_pull_and_run(berth, containers, built):
    target = f"{berth.address}/podman/hello:v1"
    containers.buildah("push", "--tls-verify=false", built, f"docker://{target}")
    containers.podman("pull", "--tls-verify=false", target)
    assert containers.podman("run", "--rm", "--network=none", target).strip() == "hello from berth"


def test_podman_push_and_pull_by_digest(berth, containers, built, tmp_path):
    target = f"{berth.address}/podman/by-digest:v1"
    digest_file = tmp_path / "digest"
    containers.podman("push", "--tls-verify=false", "--digestfile", digest_file, built, target)
    digest = digest_file.read_text().strip()
    assert Repository(berth.client, "podman/by-digest").get_manifest("v1", accept=ANY).expect(200)["Docker-Content-Digest"] == digest
    pulled = f"{berth.address}/podman/by-digest@{digest}"
    containers.podman("pull", "--tls-verify=false", pulled)
    assert containers.podman("run", "--rm", "--network=none", pulled, "echo", "by digest").strip() == "by digest"


@pytest.mark.parametrize("format_name", ["oci", "v2s2"])
def test_push_in_both_formats(berth, containers, built, format_name):
    target = f"{berth.address}/podman/{format_name}:v1"
    containers.podman("push", "--tls-verify=false", f"--format={format_name}", built, target)
    media_type = Repository(berth.client, f"podman/{format_name}").get_manifest("v1", accept=ANY).expect(200)["Content-Type"]
    assert ("oci" in media_type) == (format_name == "oci")
    containers.podman("pull", "--tls-verify=false", target)


def test_build_on_top_of_a_pulled_image(berth, containers, built, tmp_path):
    base = f"{berth.address}/podman/base:v1"
    containers.podman("push", "--tls-verify=false", built, base)
    (tmp_path / "Containerfile").write_text(f'FROM {base}\nCOPY note /note\nCMD ["cat", "/note"]\n')
    (tmp_path / "note").write_text("second layer\n")
    target = f"{berth.address}/podman/derived:v1"
    containers.buildah("bud", "--tls-verify=false", "-t", target, tmp_path)
    containers.buildah("push", "--tls-verify=false", target)
    containers.podman("rmi", "--force", target)
    containers.podman("pull", "--tls-verify=false", target)
    assert containers.podman("run", "--rm", "--network=none", target).strip() == "second layer"


def test_a_manifest_list(berth, containers, built):
    target = f"{berth.address}/podman/list:v1"
    containers.podman("manifest", "create", "localhost/many:v1")
    containers.podman("manifest", "add", "localhost/many:v1", f"containers-storage:{built}")
    containers.podman("manifest", "push", "--tls-verify=false", "--all", "localhost/many:v1", f"docker://{target}")
    containers.podman("pull", "--tls-verify=false", target)
    shown = Repository(berth.client, "podman/list").get_manifest("v1", accept=ANY).expect(200).json
    assert len(shown["manifests"]) == 1


def test_search_of_what_is_not_there_fails_cleanly(berth, containers):
    missing = f"{berth.address}/podman/missing:v1"
    result = run("podman", "pull", "--tls-verify=false", missing, env=containers.env, check=False)
    assert result.returncode != 0 and ("manifest unknown" in result.stderr or "not found" in result.stderr)
