"""Content management (distribution-spec: Deleting tags, manifests, blobs; data.md 3)."""

import pytest

from harness import content
from harness.content import digest_of
from harness.repository import Repository
from harness.server import berth_server


@pytest.fixture
def image(repo):
    return repo.push(content.image(), "v1", "v2")


def test_a_tag(repo, image):
    answer = repo.delete_manifest("v1").expect(202)
    assert answer["Content-Length"] == "0" and answer.body == b""
    repo.get_manifest("v1").expect_error(404, "MANIFEST_UNKNOWN")
    repo.head_manifest("v1").expect(404)
    assert repo.tag_names() == ["v2"]
    repo.assert_holds(image, "v2")


def test_the_last_tag_leaves_the_manifest(repo, image):
    repo.delete_manifest("v1").expect(202)
    repo.delete_manifest("v2").expect(202)
    assert repo.tag_names() == []
    repo.assert_holds(image)


def test_a_manifest_takes_its_tags_along(repo, image):
    other = repo.push(content.image(), "other")
    answer = repo.delete_manifest(image.digest).expect(202)
    assert answer["Content-Length"] == "0"
    for reference in (image.digest, "v1", "v2"):
        repo.get_manifest(reference).expect_error(404, "MANIFEST_UNKNOWN")
        repo.head_manifest(reference).expect(404)
    assert repo.tag_names() == ["other"]
    repo.assert_holds(other, "other")


def test_deleted_content_can_be_pushed_again(repo, image):
    repo.delete_manifest(image.digest).expect(202)
    repo.push(image, "v1")
    repo.assert_holds(image, "v1")


@pytest.mark.parametrize("reference", ["nothing", digest_of(b"nothing"), digest_of(b"nothing", "sha512")])
def test_an_unknown_manifest(repo, image, reference):
    repo.delete_manifest(reference).expect_error(404, "MANIFEST_UNKNOWN")


def test_twice(repo, image):
    repo.delete_manifest(image.digest).expect(202)
    repo.delete_manifest(image.digest).expect(404)


def test_in_an_unknown_repository(client):
    client.delete(f"/v2/never/seen/manifests/{digest_of(b'x')}").expect(404)
    client.delete("/v2/never/seen/manifests/v1").expect(404)
    client.delete(f"/v2/never/seen/blobs/{digest_of(b'x')}").expect(404)


def test_other_repositories_keep_theirs(repo, other_repo, image):
    other_repo.push(image, "v1")
    repo.delete_manifest(image.digest).expect(202)
    other_repo.assert_holds(image, "v1")


@pytest.mark.parametrize("data", [b"some bytes", b""])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_blob(repo, data, algorithm):
    digest = repo.push_blob(data, algorithm)
    answer = repo.client.delete(repo.path(f"blobs/{digest}")).expect(202)
    assert answer["Content-Length"] == "0"
    repo.head_blob(digest).expect(404)
    repo.get_blob(digest).expect_error(404, "BLOB_UNKNOWN")
    repo.client.delete(repo.path(f"blobs/{digest}")).expect_error(404, "BLOB_UNKNOWN")
    assert repo.push_blob(data, algorithm) == digest
    assert repo.get_blob(digest).expect(200).body == data


def test_a_blob_of_another_repository_stays(repo, other_repo):
    digest = repo.push_blob(b"shared")
    other_repo.push_blob(b"shared")
    repo.client.delete(repo.path(f"blobs/{digest}")).expect(202)
    assert other_repo.get_blob(digest).expect(200).body == b"shared"


def test_a_blob_in_use_is_405_and_names_the_user(repo, image):
    digest = image.blobs[1].digest
    answer = repo.client.delete(repo.path(f"blobs/{digest}")).expect_error(405, "UNSUPPORTED")
    assert image.digest in answer.body.decode()
    repo.assert_holds(image, "v1")
    repo.delete_manifest(image.digest).expect(202)
    repo.client.delete(repo.path(f"blobs/{digest}")).expect(202)


def test_out_of_the_box_deletes_are_off(tmp_path):
    with berth_server(directory=tmp_path) as server:
        repo = Repository(server.client, "some/repo")
        image = repo.push(content.image(), "v1")
        for path in ("manifests/v1", f"manifests/{image.digest}", f"blobs/{image.blobs[0].digest}", "manifests/nothing"):
            answer = server.client.delete(repo.path(path)).expect_error(405, "UNSUPPORTED")
            assert "storage.delete.enabled" in answer.body.decode(), "the answer names the setting"
        repo.assert_holds(image, "v1")
        # An upload can be cancelled all the same: it is not content yet.
        server.client.delete(repo.start_upload()["Location"]).expect(204)
