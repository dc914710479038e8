"""Pushing blobs (distribution-spec: Pushing blobs, Cancel a blob upload; Docker's habits in compat 3.8)."""

import re
import uuid

import pytest

from harness.content import digest_of, random_bytes
from harness.repository import with_query
from harness.waiting import wait_for

OCTETS = "application/octet-stream"
DATA = random_bytes(5_000, seed=3)
DIGEST = digest_of(DATA)


def assert_created(answer, repo, digest):
    answer.expect(201)
    assert answer["Content-Length"] == "0" and answer.body == b""
    assert answer["Docker-Content-Digest"] == digest
    assert answer["Location"].endswith(repo.path(f"blobs/{digest}"))
    return answer


def assert_in_progress(answer, last):
    """An upload's headers; `last` is the offset of the last byte received, 0 for one byte and for none."""
    assert answer["Range"] == f"0-{last}"
    assert answer["Docker-Upload-UUID"] in answer["Location"]
    if answer.status == 202:
        assert answer["Content-Length"] == "0"
    else:
        assert answer.status == 204 and "Content-Length" not in answer
    return answer


def test_post_opens_an_upload(repo):
    answer = assert_in_progress(repo.start_upload(), 0)
    uuid.UUID(answer["Docker-Upload-UUID"])
    assert re.match(r"https?://", answer["Location"]), "absolute by default"


@pytest.mark.parametrize("path", ["blobs/uploads/", "blobs/uploads"])
def test_post_with_and_without_a_slash(repo, client, path):
    # Without the slash Distribution redirects (compat 3.1); a redirected POST loses its body in most clients, so either is fine.
    assert client.post(repo.path(path)).status in (202, 301, 307, 308)


def test_post_then_put(repo):
    location = repo.start_upload()["Location"]
    assert_created(repo.finish_upload(location, DIGEST, DATA, content_type=OCTETS), repo, DIGEST)
    assert repo.get_blob(DIGEST).expect(200).body == DATA


def test_the_created_location_can_be_pulled(repo, client):
    location = repo.start_upload()["Location"]
    created = repo.finish_upload(location, DIGEST, DATA).expect(201)
    assert client.get(created["Location"]).expect(200).body == DATA


def test_single_post(repo, client):
    answer = client.post(repo.path(f"blobs/uploads/?digest={DIGEST}"), DATA, content_type=OCTETS)
    assert_created(answer, repo, DIGEST)
    assert repo.get_blob(DIGEST).expect(200).body == DATA


def test_single_post_streamed(repo, client):
    answer = client.post(repo.path(f"blobs/uploads/?digest={DIGEST}"), iter([DATA[:1000], DATA[1000:]]), content_type=OCTETS)
    assert_created(answer, repo, DIGEST)


def test_single_post_with_a_wrong_digest(repo, client):
    wrong = digest_of(b"something else")
    client.post(repo.path(f"blobs/uploads/?digest={wrong}"), DATA, content_type=OCTETS).expect_error(400, "DIGEST_INVALID")
    repo.head_blob(wrong).expect(404)
    repo.head_blob(DIGEST).expect(404)


def test_one_patch_then_put(repo, client):
    location = repo.start_upload()["Location"]
    answer = client.patch(location, DATA, content_type=OCTETS).expect(202)
    assert_in_progress(answer, len(DATA) - 1)
    assert_created(repo.finish_upload(answer["Location"], DIGEST), repo, DIGEST)
    assert repo.get_blob(DIGEST).body == DATA


def test_streamed_patch(repo, client):
    location = repo.start_upload()["Location"]
    pieces = [DATA[i:i + 700] for i in range(0, len(DATA), 700)]
    answer = client.patch(location, iter(pieces), content_type=OCTETS).expect(202)
    assert_in_progress(answer, len(DATA) - 1)
    assert_created(repo.finish_upload(answer["Location"], DIGEST), repo, DIGEST)


def test_two_streamed_patches_append(repo, client):
    location = repo.start_upload()["Location"]
    location = client.patch(location, iter([DATA[:2000]])).expect(202)["Location"]
    location = client.patch(location, iter([DATA[2000:]])).expect(202)["Location"]
    assert_created(repo.finish_upload(location, DIGEST), repo, DIGEST)


@pytest.mark.parametrize("last_in_put", [False, True])
def test_chunks_in_order(repo, client, last_in_put):
    location = repo.start_upload()["Location"]
    chunks = [(0, 1999), (2000, 3999), (4000, len(DATA) - 1)]
    body = b""
    headers = {}
    for first, last in chunks:
        if last_in_put and last == len(DATA) - 1:
            body, headers = DATA[first:], {"content_range": f"{first}-{last}", "content_type": OCTETS}
            break
        answer = client.patch(location, DATA[first:last + 1], content_type=OCTETS, content_range=f"{first}-{last}").expect(202)
        location = assert_in_progress(answer, last)["Location"]
    assert_created(repo.finish_upload(location, DIGEST, body, **headers), repo, DIGEST)
    assert repo.get_blob(DIGEST).body == DATA


def test_a_first_chunk_that_does_not_start_at_0_is_416(repo, client):
    location = repo.start_upload()["Location"]
    answer = client.patch(location, DATA[100:200], content_type=OCTETS, content_range="100-199").expect(416)
    assert "Location" in answer and "Range" in answer


def test_an_out_of_order_chunk_is_416_and_the_upload_goes_on(repo, client):
    location = repo.start_upload()["Location"]
    location = client.patch(location, DATA[:1000], content_type=OCTETS, content_range="0-999").expect(202)["Location"]
    for first in (0, 500, 2000):
        answer = client.patch(location, DATA[first:first + 1000], content_type=OCTETS, content_range=f"{first}-{first + 999}").expect(416)
        assert answer["Range"] == "0-999"
        assert answer["Docker-Upload-UUID"] in answer["Location"]
    status = assert_in_progress(client.get(answer["Location"]).expect(204), 999)
    client.patch(status["Location"], DATA[1000:], content_type=OCTETS, content_range=f"1000-{len(DATA) - 1}").expect(202)
    assert_created(repo.finish_upload(status["Location"], DIGEST), repo, DIGEST)
    assert repo.get_blob(DIGEST).body == DATA


def test_an_out_of_order_last_chunk_in_put_is_416_and_the_upload_goes_on(repo, client):
    location = repo.start_upload()["Location"]
    location = client.patch(location, DATA[:1000], content_type=OCTETS, content_range="0-999").expect(202)["Location"]
    answer = repo.finish_upload(location, DIGEST, DATA[2000:], content_type=OCTETS, content_range=f"2000-{len(DATA) - 1}").expect(416)
    assert answer["Range"] == "0-999" and "Location" in answer
    assert_in_progress(client.get(location).expect(204), 999)
    finish = repo.finish_upload(location, DIGEST, DATA[1000:], content_type=OCTETS, content_range=f"1000-{len(DATA) - 1}")
    assert_created(finish, repo, DIGEST)


@pytest.mark.parametrize("value", ["x", "5-1", "-5", "0-", "a-b", "0-4999999999999999999999999"])
def test_a_malformed_content_range_is_refused_and_the_upload_goes_on(repo, client, value):
    location = repo.start_upload()["Location"]
    assert client.patch(location, DATA, content_type=OCTETS, content_range=value).status in (400, 416)
    assert_in_progress(client.get(location).expect(204), 0)


def test_a_content_range_that_differs_from_the_length_is_refused(repo, client):
    location = repo.start_upload()["Location"]
    answer = client.patch(location, DATA[:1000], content_type=OCTETS, content_range="0-1999")
    assert answer.status in (400, 416), answer
    assert_in_progress(client.get(location).expect(204), 0)


def test_a_retried_chunk_cannot_be_stored_twice(repo, client):
    location = repo.start_upload()["Location"]
    client.patch(location, DATA[:1000], content_type=OCTETS, content_range="0-999").expect(202)
    client.patch(location, DATA[:1000], content_type=OCTETS, content_range="0-999").expect(416)
    assert_in_progress(client.get(location).expect(204), 999)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_status(repo, client, method):
    location = repo.start_upload()["Location"]
    assert_in_progress(client.request(method, location).expect(204), 0)
    location = client.patch(location, DATA[:1], content_type=OCTETS).expect(202)["Location"]
    assert_in_progress(client.request(method, location).expect(204), 0)
    location = client.patch(location, DATA[1:300], content_type=OCTETS).expect(202)["Location"]
    assert_in_progress(client.request(method, location).expect(204), 299)


def test_cancel(repo, client):
    opened = repo.start_upload()
    client.patch(opened["Location"], DATA, content_type=OCTETS).expect(202)
    answer = client.delete(opened["Location"]).expect(204)
    assert "Content-Length" not in answer and answer.body == b""
    for method in ("GET", "PATCH", "DELETE"):
        client.request(method, opened["Location"]).expect_error(404, "BLOB_UPLOAD_UNKNOWN")
    repo.finish_upload(opened["Location"], DIGEST, DATA).expect(404)


def test_a_finished_upload_is_gone(repo, client):
    location = repo.start_upload()["Location"]
    repo.finish_upload(location, DIGEST, DATA).expect(201)
    client.get(location).expect_error(404, "BLOB_UPLOAD_UNKNOWN")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("identity", ["00000000-0000-4000-8000-000000000000", "not-a-uuid", "a.b_c=d"])
def test_an_unknown_upload(repo, client, method, identity):
    client.request(method, repo.path(f"blobs/uploads/{identity}?digest={DIGEST}")).expect(404)


def test_an_upload_belongs_to_its_repository(repo, other_repo, client):
    opened = repo.start_upload()
    identity = opened["Docker-Upload-UUID"]
    client.get(other_repo.path(f"blobs/uploads/{identity}")).expect(404)
    client.patch(other_repo.path(f"blobs/uploads/{identity}"), DATA).expect(404)
    client.delete(other_repo.path(f"blobs/uploads/{identity}")).expect(404)
    client.get(opened["Location"]).expect(204)


def test_put_with_a_wrong_digest_keeps_the_upload(repo, client):
    location = repo.start_upload()["Location"]
    client.patch(location, DATA, content_type=OCTETS).expect(202)
    repo.finish_upload(location, digest_of(b"wrong")).expect_error(400, "DIGEST_INVALID")
    assert_in_progress(client.get(location).expect(204), len(DATA) - 1)
    assert_created(repo.finish_upload(location, DIGEST), repo, DIGEST)


@pytest.mark.parametrize("digest", ["", "sha256:abc", "nonsense", "sha256:" + "g" * 64, "md5:" + "0" * 32, "blake7:" + "0" * 64])
def test_put_with_a_bad_digest_keeps_the_upload(repo, client, digest):
    location = repo.start_upload()["Location"]
    client.patch(location, DATA, content_type=OCTETS).expect(202)
    repo.finish_upload(location, digest).expect_error(400, "DIGEST_INVALID")
    client.put(location).expect_error(400, "DIGEST_INVALID")
    client.get(location).expect(204)


@pytest.mark.parametrize("content_type", [None, OCTETS, "application/x-www-form-urlencoded"])
def test_the_bytes_are_stored_as_sent_whatever_curl_calls_them(repo, client, content_type):
    data = b"a=1&digest=nonsense&b=%20+" * 10
    digest = digest_of(data)
    location = repo.start_upload()["Location"]
    location = client.patch(location, data[:50], content_type=content_type).expect(202)["Location"]
    assert_created(repo.finish_upload(location, digest, data[50:], content_type=content_type), repo, digest)
    assert repo.get_blob(digest).body == data


def test_single_post_with_curls_default_type(repo, client):
    answer = client.post(repo.path(f"blobs/uploads/?digest={DIGEST}"), DATA, content_type="application/x-www-form-urlencoded")
    assert_created(answer, repo, DIGEST)
    assert repo.get_blob(DIGEST).body == DATA


def test_unknown_queries_are_tolerated(repo, client):
    location = repo.start_upload("?_state=abc&unknown=1")["Location"]
    client.get(with_query(location, "_state=Zm9v&x=y")).expect(204)
    answer = repo.finish_upload(with_query(location, "_state=Zm9v"), DIGEST, DATA)
    assert_created(answer, repo, DIGEST)


def test_a_digest_that_is_percent_encoded(repo, client):
    location = repo.start_upload()["Location"]
    answer = repo.finish_upload(location, DIGEST.replace(":", "%3A"), DATA)
    assert_created(answer, repo, DIGEST)


EMPTY = digest_of(b"")


def _empty_by_post_put(repo, client):
    return repo.finish_upload(repo.start_upload()["Location"], EMPTY, b"")


def _empty_by_put_without_length(repo, client):
    return repo.finish_upload(repo.start_upload()["Location"], EMPTY, b"", content_length=None)


def _empty_by_single_post(repo, client):
    return client.post(repo.path(f"blobs/uploads/?digest={EMPTY}"), b"", content_type=OCTETS)


def _empty_by_patch(repo, client):
    location = repo.start_upload()["Location"]
    return repo.finish_upload(client.patch(location, b"", content_type=OCTETS).expect(202)["Location"], EMPTY)


def _empty_streamed(repo, client):
    location = repo.start_upload()["Location"]
    return repo.finish_upload(client.patch(location, iter([])).expect(202)["Location"], EMPTY)


@pytest.mark.parametrize("way", [_empty_by_post_put, _empty_by_put_without_length, _empty_by_single_post, _empty_by_patch, _empty_streamed])
def test_a_blob_of_no_bytes_by_every_way(repo, client, way):
    assert_created(way(repo, client), repo, EMPTY)
    assert repo.get_blob(EMPTY).expect(200).body == b""


def test_single_post_of_nothing_with_the_digest_of_something(repo, client):
    client.post(repo.path(f"blobs/uploads/?digest={DIGEST}"), b"").expect_error(400, "DIGEST_INVALID")
    repo.head_blob(DIGEST).expect(404)


def test_the_same_blob_twice(repo):
    for _ in range(2):
        assert_created(repo.finish_upload(repo.start_upload()["Location"], DIGEST, DATA), repo, DIGEST)


def test_two_uploads_of_one_blob_at_a_time(repo, client):
    first, second = repo.start_upload()["Location"], repo.start_upload()["Location"]
    assert first != second
    first = client.patch(first, DATA, content_type=OCTETS).expect(202)["Location"]
    second = client.patch(second, DATA, content_type=OCTETS).expect(202)["Location"]
    assert_created(repo.finish_upload(first, DIGEST), repo, DIGEST)
    assert_created(repo.finish_upload(second, DIGEST), repo, DIGEST)


def test_one_writer_at_a_time(repo, server, client):
    """A second request to an upload that is being written gets 416; the first goes on (data.md 2.1)."""
    location = repo.start_upload()["Location"]
    other = server.http()
    # More than sockets hold: when it is sent, some of it was read, which comes after the claim.
    first = random_bytes(24 * 1024 * 1024)

    def body():
        yield first
        other.patch(location, b"", content_type=OCTETS).expect(416)
        yield DATA

    answer = client.patch(location, body(), content_type=OCTETS)
    answer.expect(202)
    other.close()
    digest = digest_of(first + DATA)
    assert_created(repo.finish_upload(answer["Location"], digest), repo, digest)


def test_an_upload_broken_off_can_be_resumed(repo, server, client):
    location = repo.start_upload()["Location"]
    path = "/" + location.split("/", 3)[3]
    with server.http().connect() as connection:
        head = f"PATCH {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(DATA)}\r\nContent-Type: {OCTETS}\r\n\r\n"
        connection.sendall(head.encode() + DATA[:3000])

    def resume():
        """As a client does: ask for the offset, go on from there; again if the server had not yet seen the end (416)."""
        status = client.get(location).expect(204)
        last = int(status["Range"].split("-")[1])
        have = last + 1 if last else 0
        assert have <= 3000
        answer = client.patch(status["Location"], DATA[have:], content_type=OCTETS, content_range=f"{have}-{len(DATA) - 1}").expect(202, 416)
        return answer if answer.status == 202 else None

    answer = wait_for("the resumed chunk to be taken", resume, seconds=10)
    assert_created(repo.finish_upload(answer["Location"], DIGEST), repo, DIGEST)
    assert repo.get_blob(DIGEST).body == DATA


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_digest_algorithm_on_post(repo, client, algorithm):
    digest = digest_of(DATA, algorithm)
    location = repo.start_upload(f"?digest-algorithm={algorithm}")["Location"]
    location = client.patch(location, DATA, content_type=OCTETS).expect(202)["Location"]
    assert_created(repo.finish_upload(location, digest), repo, digest)
    assert repo.get_blob(digest).expect(200)["Docker-Content-Digest"] == digest


@pytest.mark.parametrize("announced,closing", [("sha512", "sha256"), ("sha256", "sha512")])
def test_the_closing_digest_may_be_of_another_algorithm(repo, client, announced, closing):
    digest = digest_of(DATA, closing)
    location = repo.start_upload(f"?digest-algorithm={announced}")["Location"]
    location = client.patch(location, DATA, content_type=OCTETS).expect(202)["Location"]
    assert_created(repo.finish_upload(location, digest), repo, digest)
    assert repo.get_blob(digest).body == DATA


def test_an_unknown_digest_algorithm_is_400(repo, client):
    client.post(repo.path("blobs/uploads/?digest-algorithm=blake7")).expect_error(400, "DIGEST_INVALID")


def test_no_minimum_chunk_on_a_file_system(repo):
    # A back end with a minimum part size would say so here.
    assert "OCI-Chunk-Min-Length" not in repo.start_upload()


def test_the_state_survives_other_uploads(repo, client):
    locations = [repo.start_upload()["Location"] for _ in range(10)]
    bodies = [random_bytes(200 + i, seed=i) for i in range(10)]
    locations = [client.patch(location, body[:100]).expect(202)["Location"] for location, body in zip(locations, bodies)]
    for location, body in reversed(list(zip(locations, bodies))):
        repo.finish_upload(location, digest_of(body), body[100:]).expect(201)
    for body in bodies:
        assert repo.get_blob(digest_of(body)).expect(200).body == body
