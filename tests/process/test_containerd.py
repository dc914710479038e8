"""containerd's ctr: pull and push over plain HTTP."""

import pytest

from harness import content
from harness.clients import Containerd
from harness.repository import Repository


@pytest.fixture(scope="module")
def containerd(tmp_path_factory):
    daemon = Containerd(tmp_path_factory.mktemp("containerd"))
    yield daemon
    daemon.close()


@pytest.mark.parametrize("kind", ["oci", "docker"])
def test_pull_and_push_an_image(berth, containerd, kind):
    image = Repository(berth.client, f"ctr/{kind}").push(content.image([content.layer({"hello": b"x"})], kind=kind), "v1")
    source, target = f"{berth.address}/ctr/{kind}:v1", f"{berth.address}/ctr/{kind}-back:v1"
    containerd.ctr("images", "pull", "--plain-http", source)
    assert image.digest in containerd.ctr("images", "ls")
    containerd.ctr("images", "tag", source, target)
    containerd.ctr("images", "push", "--plain-http", target)
    Repository(berth.client, f"ctr/{kind}-back").assert_holds(image, "v1")


def test_pull_and_push_an_index(berth, containerd):
    index = Repository(berth.client, "ctr/index").push(content.multi_arch(), "v1")
    source, target = f"{berth.address}/ctr/index:v1", f"{berth.address}/ctr/index-back:v1"
    containerd.ctr("images", "pull", "--plain-http", "--all-platforms", source)
    containerd.ctr("images", "tag", source, target)
    containerd.ctr("images", "push", "--plain-http", target)
    Repository(berth.client, "ctr/index-back").assert_holds(index, "v1")


def test_pull_by_digest(berth, containerd):
    image = Repository(berth.client, "ctr/digest").push(content.image(), "v1")
    containerd.ctr("images", "pull", "--plain-http", f"{berth.address}/ctr/digest@{image.digest}")


def test_a_big_layer(berth, containerd):
    image = content.image([content.layer(size=20_000_000)])
    Repository(berth.client, "ctr/big").push(image, "v1")
    source, target = f"{berth.address}/ctr/big:v1", f"{berth.address}/ctr/big-back:v1"
    containerd.ctr("images", "pull", "--plain-http", source)
    containerd.ctr("images", "tag", source, target)
    containerd.ctr("images", "push", "--plain-http", target)
    Repository(berth.client, "ctr/big-back").assert_holds(image, "v1")
