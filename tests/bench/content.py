"""What the servers hold for the reads: the tree of files that nginx serves is the master copy, the registries get the same."""

import dataclasses
import hashlib
import json
import os
import pathlib
import random
from typing import Dict, List

REPOSITORY = "bench/read"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
KIB, MIB, GIB = 2**10, 2**20, 2**30


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclasses.dataclass(frozen=True)
class Blob:
    digest: str
    size: int


@dataclasses.dataclass(frozen=True)
class Manifest:
    tag: str
    digest: str
    size: int


@dataclasses.dataclass(frozen=True)
class Image:
    manifest: Manifest
    blobs: List[Blob]


def manifest_bytes(config, layers, number):
    """One layer takes some 190 bytes; the number makes each manifest another one of the same size."""
    return json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "digest": config.digest, "size": config.size},
        "layers": [{"mediaType": LAYER_TYPE, "digest": layer.digest, "size": layer.size} for layer in layers],
        "annotations": {"bench.number": f"{number:08}"},
    }).encode()


class FileTree:
    """Manifests and blobs as files under the paths of the API."""

    def __init__(self, root, seed=7):
        self.root = pathlib.Path(root)
        self.images: List[Image] = []
        self.blobs: List[Blob] = []
        self._random = random.Random(seed)
        for kind in ("manifests", "blobs"):
            self.path(kind, "").mkdir(parents=True, exist_ok=True)

    def path(self, kind, name):
        return self.root / "v2" / REPOSITORY / kind / name

    def add_blob(self, size):
        """Bytes of the seed; large ones repeat their first MiB, for the sake of time: no server compresses."""
        piece = self._random.randbytes(min(size, MIB))
        whole, rest = divmod(size, len(piece))
        return self.store_blob(piece * whole + piece[:rest])

    def store_blob(self, data):
        blob = Blob(digest_of(data), len(data))
        self.path("blobs", blob.digest).write_bytes(data)
        self.blobs.append(blob)
        return blob

    def add_image(self, number, config, layers):
        """A manifest of blobs that are there, with a tag."""
        data = manifest_bytes(config, layers, number)
        manifest = Manifest(f"t{number:07}", digest_of(data), len(data))
        by_digest = self.path("manifests", manifest.digest)
        by_digest.write_bytes(data)
        os.link(by_digest, self.path("manifests", manifest.tag))
        self.images.append(Image(manifest, [config, *layers]))
        return self.images[-1]

    def manifest_bytes(self, image):
        return self.path("manifests", image.manifest.digest).read_bytes()

    def add_config(self, number=0):
        return self.store_blob(json.dumps({"architecture": "amd64", "os": "linux", "number": number,
                                           "rootfs": {"type": "layers", "diff_ids": []}}).encode())


@dataclasses.dataclass
class Content:
    """Lists of targets that the rows name, and what of it the other registries get."""

    lists: Dict[str, List[str]]
    few_images: List[Image]
    few_blobs: List[Blob]

    def few_lines(self, name):
        names = {blob.digest for blob in self.few_blobs}
        for image in self.few_images:
            names |= {image.manifest.tag, image.manifest.digest}
        return [line for line in self.lists[name] if line.split()[0].rsplit("/", 1)[1] in names]


def target(kind, name):
    return f"/v2/{REPOSITORY}/{kind}/{name}"


def blob_line(blob):
    return f"{target('blobs', blob.digest)} {blob.size}"


def tag_line(image):
    return f"{target('manifests', image.manifest.tag)} {image.manifest.size}"


def digest_line(image):
    return f"{target('manifests', image.manifest.digest)} {image.manifest.size}"


def pull_lines(image):
    """What a client asks for that pulls it."""
    return [tag_line(image), *(blob_line(blob) for blob in image.blobs)]
