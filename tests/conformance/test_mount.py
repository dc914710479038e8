"""Mounting a blob from another repository (distribution-spec: Mounting a blob)."""

import pytest

from harness.content import digest_of, random_bytes

DATA = random_bytes(2_000, seed=5)
DIGEST = digest_of(DATA)


def mount(client, target, digest, source):
    tail = "" if source is None else f"&from={source}"
    return client.post(target.path(f"blobs/uploads/?mount={digest}{tail}"))


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_mount_from(client, repo, other_repo, algorithm):
    digest = other_repo.push_blob(DATA, algorithm)
    answer = mount(client, repo, digest, other_repo.name).expect(201)
    assert answer["Location"].endswith(repo.path(f"blobs/{digest}"))
    assert answer["Docker-Content-Digest"] == digest and answer["Content-Length"] == "0"
    assert repo.get_blob(digest).expect(200).body == DATA


def test_mount_from_an_encoded_name(client, repo, other_repo):
    other_repo.push_blob(DATA)
    mount(client, repo, DIGEST.replace(":", "%3A"), other_repo.name.replace("/", "%2F")).expect(201)


def test_mount_without_from(client, repo, other_repo):
    data = random_bytes(500)
    digest = other_repo.push_blob(data)
    mount(client, repo, digest, None).expect(201)
    assert repo.get_blob(digest).expect(200).body == data


def test_mount_of_what_is_here_already(client, repo, other_repo):
    for each in (repo, other_repo):
        each.push_blob(DATA)
    mount(client, repo, DIGEST, other_repo.name).expect(201)
    mount(client, repo, DIGEST, repo.name).expect(201)


def finish(client, repo, answer):
    """What cannot be mounted is an ordinary upload that can be finished."""
    answer.expect(202)
    assert answer["Range"] == "0-0" and answer["Content-Length"] == "0"
    assert answer["Docker-Upload-UUID"] in answer["Location"]
    repo.finish_upload(answer["Location"], DIGEST, DATA).expect(201)


@pytest.mark.parametrize("source", ["no/such/repository", "UPPER", "..", "a//b", "", None])
def test_mount_from_where_it_is_not(client, repo, source):
    absent = digest_of(random_bytes(30))
    answer = mount(client, repo, absent, source)
    finish(client, repo, answer)


def test_mount_from_a_repository_without_it(client, repo, other_repo):
    other_repo.push_blob(b"another blob")
    finish(client, repo, mount(client, repo, digest_of(random_bytes(30)), other_repo.name))


def test_from_is_where_it_must_be(client, repo, other_repo):
    """The blob exists, but not in the repository that is named: a right to read there proves nothing."""
    data = random_bytes(400)
    other_repo.push_blob(data)
    mount(client, repo, digest_of(data), "somewhere/else").expect(202)
    repo.head_blob(digest_of(data)).expect(404)


@pytest.mark.parametrize("digest", ["sha256:short", "nonsense", "sha256:" + "g" * 64])
def test_mount_of_a_bad_digest(client, repo, other_repo, digest):
    # Distribution opens an upload (compat 3.8); a bad digest is 400 by the specification. Never 404, never 5xx.
    assert mount(client, repo, digest, other_repo.name).status in (202, 400)


def test_a_deleted_link_can_be_mounted_back(client, repo, other_repo):
    other_repo.push_blob(DATA)
    mount(client, repo, DIGEST, other_repo.name).expect(201)
    client.delete(repo.path(f"blobs/{DIGEST}")).expect(202)
    repo.head_blob(DIGEST).expect(404)
    other_repo.head_blob(DIGEST).expect(200)
    mount(client, repo, DIGEST, other_repo.name).expect(201)
    assert repo.get_blob(DIGEST).expect(200).body == DATA
