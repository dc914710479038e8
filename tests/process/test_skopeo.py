"""skopeo against Berth, and between Berth and Debian's docker-registry (walkthrough.md)."""

import hashlib
import json

import pytest

from harness import content
from harness.clients import need, run
from harness.content import ANY, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from harness.repository import Repository
from harness.server import DISTRIBUTION, Certificate, Server, berth_server


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    """Debian's docker-registry, the other side of copies."""
    need(DISTRIBUTION)
    server = Server({"storage": {"delete": {"enabled": True}}}, directory=tmp_path_factory.mktemp("peer"), executable=DISTRIBUTION)
    server.start()
    yield server
    server.kill()


def push(server, name, manifest, *tags):
    return Repository(server.client, name).push(manifest, *tags)


def holds(server, name, manifest, *references):
    """Asked with Accept, since Distribution answers 404 without."""
    repository = Repository(server.client, name)
    for reference in (manifest.digest, *references):
        answer = repository.get_manifest(reference, accept=manifest.media_type).expect(200)
        assert answer.body == manifest.data and answer["Docker-Content-Digest"] == manifest.digest
    for blob in manifest.blobs:
        repository.assert_has_blob(blob)
    for child in manifest.children:
        holds(server, name, child)


@pytest.mark.parametrize("kind", ["oci", "docker"])
def test_copy_out_and_in(berth, skopeo, tmp_path, kind):
    image = push(berth, f"copy/{kind}", content.image(kind=kind), "v1")
    skopeo.copy(f"docker://{berth.address}/copy/{kind}:v1", f"dir:{tmp_path}/out")
    assert (tmp_path / "out" / "manifest.json").read_bytes() == image.data
    skopeo.copy(f"dir:{tmp_path}/out", f"docker://{berth.address}/copy/{kind}-back:v2")
    holds(berth, f"copy/{kind}-back", image, "v2")


def test_copy_through_an_oci_layout(berth, skopeo, tmp_path):
    image = push(berth, "copy/layout", content.image(), "v1")
    skopeo.copy(f"docker://{berth.address}/copy/layout:v1", f"oci:{tmp_path}/layout:v1")
    skopeo.copy(f"oci:{tmp_path}/layout:v1", f"docker://{berth.address}/copy/layout-back:v1")
    holds(berth, "copy/layout-back", image, "v1")


@pytest.mark.parametrize("kind", ["oci", "docker"])
def test_copy_all(berth, skopeo, tmp_path, kind):
    index = push(berth, f"all/{kind}", content.multi_arch(kind), "v1")
    skopeo.copy(f"docker://{berth.address}/all/{kind}:v1", f"dir:{tmp_path}/out", "--all")
    skopeo.copy(f"dir:{tmp_path}/out", f"docker://{berth.address}/all/{kind}-back:v1", "--all")
    holds(berth, f"all/{kind}-back", index, "v1")


def test_copy_inside_the_registry_mounts(berth, skopeo):
    """Once skopeo knows where a layer lies it asks for a mount, and no layer travels."""
    image = push(berth, "mount/from", content.image(), "v1")
    skopeo.copy(f"docker://{berth.address}/mount/from:v1", f"docker://{berth.address}/mount/first:v1")
    skopeo.copy(f"docker://{berth.address}/mount/from:v1", f"docker://{berth.address}/mount/second:v1")
    holds(berth, "mount/second", image, "v1")
    mounts = [line for line in berth.log.splitlines() if "POST /v2/mount/second/blobs/uploads/?" in line and "mount=" in line]
    assert len(mounts) == 2 and all('" 201 ' in line for line in mounts), mounts


def test_copy_with_conversion(berth, skopeo):
    push(berth, "convert/docker", content.image(kind="docker"), "v1")
    skopeo.copy(f"docker://{berth.address}/convert/docker:v1", f"docker://{berth.address}/convert/oci:v1", "--format=oci")
    assert Repository(berth.client, "convert/oci").get_manifest("v1", accept=ANY).expect(200)["Content-Type"] == OCI_MANIFEST
    skopeo.copy(f"docker://{berth.address}/convert/oci:v1", f"docker://{berth.address}/convert/back:v1", "--format=v2s2")
    assert Repository(berth.client, "convert/back").get_manifest("v1", accept=ANY).expect(200)["Content-Type"] == DOCKER_MANIFEST


def test_inspect(berth, skopeo):
    image = push(berth, "inspect/image", content.image(), "v1", "v2")
    shown = skopeo.inspect(f"docker://{berth.address}/inspect/image:v1")
    assert shown["Digest"] == image.digest and sorted(shown["RepoTags"]) == ["v1", "v2"]
    assert shown["Layers"] == [blob.digest for blob in image.blobs[1:]]
    assert skopeo.raw_manifest(f"docker://{berth.address}/inspect/image@{image.digest}") == image.data
    config = skopeo.inspect(f"docker://{berth.address}/inspect/image:v1", "--config")
    assert config == json.loads(image.blobs[0].data)


def test_list_tags(berth, skopeo):
    push(berth, "tags/image", content.image(), *(f"t{i}" for i in range(30)))
    assert skopeo.tags(f"docker://{berth.address}/tags/image") == sorted(f"t{i}" for i in range(30))


def test_delete(berth, skopeo):
    image = push(berth, "delete/image", content.image(), "v1", "v2")
    other = push(berth, "delete/image", content.image(), "other")
    skopeo("delete", "--tls-verify=false", f"docker://{berth.address}/delete/image:v1")
    repository = Repository(berth.client, "delete/image")
    # skopeo deletes the digest that the tag names, which takes every tag of it along.
    repository.get_manifest(image.digest).expect(404)
    assert repository.tag_names() == ["other"]
    holds(berth, "delete/image", other, "other")


def test_sync_to_and_from_a_directory(berth, skopeo, tmp_path):
    images = {tag: push(berth, "sync/image", content.image(), tag) for tag in ("v1", "v2", "v3")}
    skopeo("sync", "--src", "docker", "--dest", "dir", "--src-tls-verify=false", f"{berth.address}/sync/image", tmp_path / "mirror")
    for tag, image in images.items():
        assert (tmp_path / "mirror" / f"image:{tag}" / "manifest.json").read_bytes() == image.data
    skopeo("sync", "--src", "dir", "--dest", "docker", "--dest-tls-verify=false", tmp_path / "mirror", f"{berth.address}/synced")
    for tag, image in images.items():
        holds(berth, "synced/image", image, tag)


def test_sync_between_registries_all(berth, peer, skopeo):
    indexes = {tag: push(berth, "sync/index", content.multi_arch("docker"), tag) for tag in ("v1", "v2")}
    skopeo("sync", "--all", "--src", "docker", "--dest", "docker", "--src-tls-verify=false", "--dest-tls-verify=false",
           f"{berth.address}/sync/index", f"{peer.address}/from-berth")
    for tag, index in indexes.items():
        holds(peer, "from-berth/index", index, tag)


@pytest.mark.parametrize("build", [content.image, lambda: content.image(kind="docker"), content.multi_arch,
                                   lambda: content.multi_arch("docker")])
def test_between_berth_and_distribution_both_ways(berth, peer, skopeo, build):
    """There and back again, digests unchanged (walkthrough: both ways)."""
    manifest = build()
    name = f"peers/{hashlib.sha256(manifest.data).hexdigest()[:10]}"
    push(peer, name, manifest, "v1")
    skopeo.copy(f"docker://{peer.address}/{name}:v1", f"docker://{berth.address}/{name}:v1", "--all")
    holds(berth, name, manifest, "v1")
    skopeo.copy(f"docker://{berth.address}/{name}:v1", f"docker://{peer.address}/{name}-back:v1", "--all")
    holds(peer, f"{name}-back", manifest, "v1")


def test_one_arch_of_a_list(berth, skopeo, tmp_path):
    index = push(berth, "arch/list", content.multi_arch("docker"), "v1")
    skopeo("--override-arch", "arm64", "--override-os", "linux", "copy", "--src-tls-verify=false",
           f"docker://{berth.address}/arch/list:v1", f"dir:{tmp_path}/arm")
    assert (tmp_path / "arm" / "manifest.json").read_bytes() == index.children[1].data


def test_over_tls(tls_berth, skopeo, tmp_path):
    """HTTPS with a certificate that skopeo checks."""
    server, certificates = tls_berth
    image = push(server, "tls/image", content.image(), "v1")
    skopeo("copy", "--src-cert-dir", certificates, "--dest-cert-dir", certificates, f"docker://{server.address}/tls/image:v1",
           f"docker://{server.address}/tls/copy:v1")
    holds(server, "tls/copy", image, "v1")
    refused = run("skopeo", "--insecure-policy", "inspect", f"docker://{server.address}/tls/image:v1", check=False)
    assert refused.returncode != 0 and "certificate" in refused.stderr


@pytest.fixture(scope="module")
def tls_berth(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tls")
    certificate = Certificate(directory / "pair")
    trusted = directory / "trusted"
    trusted.mkdir()
    (trusted / "ca.crt").write_bytes(certificate.certificate.read_bytes())
    with berth_server(directory=directory / "server", tls=certificate) as server:
        yield server, trusted


def test_umoci_round_trip(berth, skopeo, tmp_path):
    """umoci changes an image that skopeo fetched, and skopeo pushes the result."""
    need("umoci")
    push(berth, "umoci/image", content.image([content.layer({"etc/motd": b"before\n"})]), "v1")
    layout = tmp_path / "layout"
    skopeo.copy(f"docker://{berth.address}/umoci/image:v1", f"oci:{layout}:v1")
    run("umoci", "unpack", "--rootless", "--image", f"{layout}:v1", tmp_path / "bundle")
    (tmp_path / "bundle" / "rootfs" / "etc" / "motd").write_text("after\n")
    run("umoci", "repack", "--image", f"{layout}:v2", tmp_path / "bundle")
    skopeo.copy(f"oci:{layout}:v2", f"docker://{berth.address}/umoci/image:v2")
    shown = skopeo.inspect(f"docker://{berth.address}/umoci/image:v2")
    assert len(shown["Layers"]) == 2
    fresh = tmp_path / "fresh"
    skopeo.copy(f"docker://{berth.address}/umoci/image:v2", f"oci:{fresh}:v2")
    run("umoci", "unpack", "--rootless", "--image", f"{fresh}:v2", tmp_path / "again")
    assert (tmp_path / "again" / "rootfs" / "etc" / "motd").read_text() == "after\n"


def test_an_artifact_with_a_subject(berth, skopeo):
    """What signs and describes images lies beside them, and skopeo copies it by digest."""
    image = push(berth, "artifact/image", content.image(), "v1")
    sbom = push(berth, "artifact/image", content.artifact(subject=image))
    listed = Repository(berth.client, "artifact/image").referrers(image.digest).expect(200)
    assert listed["Content-Type"] == OCI_INDEX and listed.json["manifests"][0]["digest"] == sbom.digest
    skopeo.copy(f"docker://{berth.address}/artifact/image@{sbom.digest}", f"docker://{berth.address}/artifact/copy:sbom")
    holds(berth, "artifact/copy", sbom, "sbom")
