"""Pushes and pulls as the specification's first pages do it, for tests that are about something else."""

from typing import Optional

from .content import Content, Manifest, digest_of
from .http import Answer, Body, Http


class Repository:
    """One repository seen through one client. What ends in an expected answer is asserted here."""

    def __init__(self, client: Http, name: str):
        self.client = client
        self.name = name

    def path(self, rest: str) -> str:
        return f"/v2/{self.name}/{rest}"

    # Blobs

    def start_upload(self, query: str = "") -> Answer:
        return self.client.post(self.path("blobs/uploads/") + query).expect(202)

    def finish_upload(self, location: str, digest: str, body: Body = b"", **headers) -> Answer:
        return self.client.put(with_query(location, f"digest={digest}"), body, **headers)

    def push_blob(self, data: bytes, algorithm: str = "sha256") -> str:
        """POST then PUT; returns the digest."""
        digest = digest_of(data, algorithm)
        query = "" if algorithm == "sha256" else f"?digest-algorithm={algorithm}"
        location = self.start_upload(query)["Location"]
        self.finish_upload(location, digest, data, content_type="application/octet-stream").expect(201)
        return digest

    def get_blob(self, digest: str, **headers) -> Answer:
        return self.client.get(self.path(f"blobs/{digest}"), **headers)

    def head_blob(self, digest: str, **headers) -> Answer:
        return self.client.head(self.path(f"blobs/{digest}"), **headers)

    # Manifests

    def put_manifest(self, reference: str, data: bytes, media_type: Optional[str], query: str = "", **headers) -> Answer:
        return self.client.put(self.path(f"manifests/{reference}{query}"), data, content_type=media_type, **headers)

    def get_manifest(self, reference: str, **headers) -> Answer:
        return self.client.get(self.path(f"manifests/{reference}"), **headers)

    def head_manifest(self, reference: str, **headers) -> Answer:
        return self.client.head(self.path(f"manifests/{reference}"), **headers)

    def delete_manifest(self, reference: str, **headers) -> Answer:
        return self.client.delete(self.path(f"manifests/{reference}"), **headers)

    def push(self, manifest: Manifest, *tags: str) -> Manifest:
        """Pushes all that the manifest names, then the manifest: under each tag, or by digest if there is none."""
        self.push_parts(manifest)
        for reference in tags or (manifest.digest,):
            self.put_manifest(reference, manifest.data, manifest.media_type).expect(201)
        return manifest

    def push_parts(self, manifest: Manifest) -> None:
        for blob in manifest.blobs:
            if self.head_blob(blob.digest).status != 200:
                self.push_blob(blob.data, blob.algorithm)
        for child in manifest.children:
            self.push(child)

    def assert_holds(self, manifest: Manifest, *references: str) -> None:
        """Everything is there byte for byte: manifest (by digest and by each reference), blobs, children."""
        for reference in (manifest.digest, *references):
            answer = self.get_manifest(reference, accept=manifest.media_type).expect(200)
            assert answer.body == manifest.data, f"{self.name}:{reference} has other bytes"
            assert answer["Content-Type"] == manifest.media_type
        for blob in manifest.blobs:
            self.assert_has_blob(blob)
        for child in manifest.children:
            self.assert_holds(child)

    def assert_has_blob(self, blob: Content) -> None:
        answer = self.get_blob(blob.digest).expect(200)
        assert answer.body == blob.data, f"{self.name}@{blob.digest} has other bytes"

    def tags(self, query: str = "") -> Answer:
        return self.client.get(self.path("tags/list") + query)

    def tag_names(self) -> list:
        return self.tags().expect(200).json["tags"]

    def referrers(self, digest: str, query: str = "") -> Answer:
        return self.client.get(self.path(f"referrers/{digest}") + query)


def with_query(location: str, query: str) -> str:
    return location + ("&" if "?" in location else "?") + query
