"""Builders of what registries hold: layers, images, indexes, artifacts, in OCI's and Docker's media types."""

import gzip
import hashlib
import io
import json
import random
import tarfile
from dataclasses import dataclass, field
from typing import Mapping, Optional, Sequence

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCI_FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

# What clients send as Accept. (Distribution answers 404 without; Berth must not need it, which the conformance tests show.)
ANY = ", ".join((OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST))

_TYPES = {
    "oci": (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER, OCI_INDEX),
    "docker": (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER, DOCKER_LIST),
}


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def random_bytes(size: int, seed: Optional[int] = None) -> bytes:
    return random.Random(seed).randbytes(size) if seed is not None else random.SystemRandom().randbytes(size)


def to_json(document: object) -> bytes:
    return json.dumps(document, indent=2).encode()


@dataclass(frozen=True)
class Content:
    """Bytes with their media type; a descriptor on demand."""

    data: bytes
    media_type: str
    algorithm: str = "sha256"

    @property
    def digest(self) -> str:
        return digest_of(self.data, self.algorithm)

    def descriptor(self, **more: object) -> dict:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data), **more}


@dataclass(frozen=True)
class Manifest(Content):
    """A manifest and all that must be pushed before it."""

    blobs: Sequence[Content] = ()
    children: Sequence["Manifest"] = ()
    platform: Optional[Mapping[str, str]] = field(default=None)

    @property
    def document(self) -> dict:
        return json.loads(self.data)


@dataclass(frozen=True)
class Layer(Content):
    """A gzipped tar that an engine can unpack; `diff_id` is the digest of what is inside."""

    diff_id: str = ""


def layer(files: Optional[Mapping[str, bytes]] = None, *, size: int = 1000, seed: Optional[int] = None,
          media_type: str = OCI_LAYER, algorithm: str = "sha256") -> Layer:
    """A layer with `files`, or with one file of `size` random bytes. Executable files are those below bin/."""
    if files is None:
        content = random_bytes(size, seed)
        files = {f"data/{hashlib.sha256(content).hexdigest()[:12]}": content}
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = 0o755 if name.startswith("bin/") else 0o644
            archive.addfile(entry, io.BytesIO(data))
    packed = gzip.compress(raw.getvalue(), compresslevel=1, mtime=0)
    return Layer(packed, media_type, algorithm, digest_of(raw.getvalue()))


def image(layers: Optional[Sequence[Content]] = None, *, kind: str = "oci", architecture: str = "amd64", os: str = "linux",
          subject: Optional[Content] = None, annotations: Optional[Mapping[str, str]] = None, artifact_type: Optional[str] = None,
          command: Optional[Sequence[str]] = None, seed: Optional[int] = None, algorithm: str = "sha256",
          more: Optional[Mapping[str, object]] = None) -> Manifest:
    """An image that engines accept: config with the layers' diff ids. Without `layers`: two small random ones."""
    manifest_type, config_type, layer_type, _ = _TYPES[kind]
    if layers is None:
        layers = [layer(media_type=layer_type, seed=None if seed is None else seed * 2 + i, algorithm=algorithm) for i in (0, 1)]
    config = Content(to_json({
        "architecture": architecture,
        "os": os,
        "created": "2024-01-01T00:00:00Z",
        "config": {"Cmd": list(command)} if command else {},
        "rootfs": {"type": "layers", "diff_ids": [getattr(each, "diff_id", "") or digest_of(each.data) for each in layers]},
        "history": [{"created": "2024-01-01T00:00:00Z", "created_by": f"layer {i}"} for i, _ in enumerate(layers)],
    }), config_type, algorithm)
    document: dict = {
        "schemaVersion": 2,
        "mediaType": manifest_type,
        "config": config.descriptor(),
        "layers": [each.descriptor() for each in layers],
    }
    _decorate(document, subject, annotations, artifact_type, more)
    return Manifest(to_json(document), manifest_type, algorithm, blobs=[config, *layers],
                    platform={"architecture": architecture, "os": os})


def artifact(artifact_type: str = "application/vnd.example.sbom.v1", *, subject: Optional[Content] = None,
             annotations: Optional[Mapping[str, str]] = None, payload: Optional[bytes] = None, config_type: str = OCI_EMPTY,
             algorithm: str = "sha256") -> Manifest:
    """An OCI artifact: the empty config (or one of `config_type`, then without artifactType) and one blob."""
    config = Content(b"{}", config_type, algorithm)
    blob = Content(payload if payload is not None else random_bytes(100), "application/octet-stream", algorithm)
    document: dict = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.descriptor(), "layers": [blob.descriptor()]}
    _decorate(document, subject, annotations, artifact_type if config_type == OCI_EMPTY else None, None)
    return Manifest(to_json(document), OCI_MANIFEST, algorithm, blobs=[config, blob])


def index(children: Sequence[Manifest], *, kind: str = "oci", subject: Optional[Content] = None,
          annotations: Optional[Mapping[str, str]] = None, artifact_type: Optional[str] = None,
          algorithm: str = "sha256") -> Manifest:
    """An OCI index or a Docker manifest list; children may be indexes themselves."""
    index_type = _TYPES[kind][3]
    entries = [child.descriptor(**({"platform": dict(child.platform)} if child.platform else {})) for child in children]
    document: dict = {"schemaVersion": 2, "mediaType": index_type, "manifests": entries}
    _decorate(document, subject, annotations, artifact_type, None)
    return Manifest(to_json(document), index_type, algorithm, children=children)


def multi_arch(kind: str = "oci") -> Manifest:
    return index([image(kind=kind, architecture=each) for each in ("amd64", "arm64")], kind=kind)


def _decorate(document: dict, subject: Optional[Content], annotations: Optional[Mapping[str, str]],
              artifact_type: Optional[str], more: Optional[Mapping[str, object]]) -> None:
    if artifact_type:
        document["artifactType"] = artifact_type
    if subject:
        document["subject"] = {key: subject.descriptor()[key] for key in ("mediaType", "digest", "size")}
    if annotations:
        document["annotations"] = dict(annotations)
    document.update(more or {})
