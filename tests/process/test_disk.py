"""What lies on the disk: blobs where Distribution puts them, and reads that meet a file that is missing or wrong (data.md 1, 6)."""

import os

import pytest

from harness import content
from harness.content import digest_of, random_bytes
from harness.repository import Repository
from harness.server import berth_server
from harness.waiting import wait_for


def blob_file(server, digest):
    algorithm, hexadecimal = digest.split(":")
    return server.root / "docker" / "registry" / "v2" / "blobs" / algorithm / hexadecimal[:2] / hexadecimal / "data"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_blobs_lie_where_distribution_puts_them(berth, algorithm):
    data = random_bytes(5_000)
    digest = Repository(berth.client, "disk/layout").push_blob(data, algorithm)
    assert blob_file(berth, digest).read_bytes() == data


def test_manifests_are_put_beside_them_within_seconds(berth):
    """For rebuild and hand-back; the answer itself comes from the database."""
    index = Repository(berth.client, "disk/manifests").push(content.multi_arch(), "v1")
    for manifest in (index, *index.children):
        wait_for("the manifest's copy", lambda at=manifest.digest: blob_file(berth, at).exists(), 15)
        assert blob_file(berth, manifest.digest).read_bytes() == manifest.data


def test_nothing_of_an_upload_stays(tmp_path):
    """Finished, cancelled and refused uploads leave no file behind."""
    with berth_server(directory=tmp_path) as server:
        repository = Repository(server.client, "disk/uploads")
        repository.push_blob(random_bytes(10_000))
        cancelled = repository.start_upload()["Location"]
        server.client.patch(cancelled, b"half").expect(202)
        server.client.delete(cancelled).expect(204)
        server.client.post(repository.path(f"blobs/uploads/?digest={digest_of(b'x')}"), b"y").expect(400)
        for name in ("uploads", "tmp"):
            place = server.root / "berth" / name
            wait_for(f"{name} to be empty", lambda at=place: not [path for path in at.rglob("*") if path.is_file()], 10)


class TestDamage:
    """Never a 200 with wrong bytes: 404 (HEAD too, from the first read that notices), and the next push heals."""

    @pytest.fixture
    def repository(self, berth):
        return Repository(berth.client, f"disk/damage{os.urandom(4).hex()}")

    def heal(self, berth, repository, image, blob):
        repository.get_blob(blob.digest).expect(404)
        repository.head_blob(blob.digest).expect(404)
        # Manifests that name it are still served: the rest of the image may be all that somebody needs.
        repository.get_manifest(image.digest).expect(200)
        repository.push_blob(blob.data)
        repository.assert_holds(image, "v1")
        assert blob_file(berth, blob.digest).read_bytes() == blob.data

    def test_a_missing_file(self, berth, repository):
        image = repository.push(content.image(), "v1")
        blob = image.blobs[1]
        blob_file(berth, blob.digest).unlink()
        self.heal(berth, repository, image, blob)

    @pytest.mark.parametrize("change", [-1, 1])
    def test_a_file_of_the_wrong_size(self, berth, repository, change):
        image = repository.push(content.image(), "v1")
        blob = image.blobs[1]
        with open(blob_file(berth, blob.digest), "r+b") as file:
            file.truncate(len(blob.data) + change)
        self.heal(berth, repository, image, blob)

    def test_every_repository_that_has_it_is_healed(self, berth, repository):
        other = Repository(berth.client, repository.name + "-other")
        image = repository.push(content.image(), "v1")
        other.push(image, "v1")
        blob = image.blobs[1]
        blob_file(berth, blob.digest).unlink()
        other.get_blob(blob.digest).expect(404)
        repository.push_blob(blob.data)
        repository.assert_holds(image, "v1")
        other.assert_holds(image, "v1")

    def test_a_manifest_cannot_name_what_is_missing(self, berth, repository):
        image = repository.push(content.image(), "v1")
        blob = image.blobs[1]
        blob_file(berth, blob.digest).unlink()
        repository.get_blob(blob.digest).expect(404)
        fresh = content.image([blob])
        repository.push_blob(fresh.blobs[0].data)
        repository.put_manifest("v2", fresh.data, fresh.media_type).expect_error(400, "MANIFEST_BLOB_UNKNOWN")
