"""The base endpoint, routes, methods, error envelope (distribution-spec: Determining Support, Error Codes)."""

import pytest

from harness.content import digest_of

ABSENT = digest_of(b"absent")


def test_base_answers_that_this_is_a_registry(client):
    answer = client.get("/v2/").expect(200)
    assert answer.body == b"{}"
    assert answer["Content-Type"].startswith("application/json")
    assert answer["Content-Length"] == "2"
    assert answer["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_base_answers_head_without_a_body(client):
    answer = client.head("/v2/").expect(200)
    assert answer["Content-Length"] == "2" and answer.body == b""


def test_base_without_slash_is_moved(client):
    answer = client.get("/v2").expect(301)
    assert answer["Location"].endswith("/v2/")


def test_root_is_a_probe_target(client):
    client.get("/").expect(200)
    client.head("/").expect(200)


def test_every_answer_names_the_api(client, repo):
    for path in ("/v2/", repo.path("manifests/none"), repo.path(f"blobs/{ABSENT}"), repo.path("tags/list"), "/v2/_catalog"):
        assert client.get(path).get("Docker-Distribution-Api-Version") == "registry/2.0", path


@pytest.mark.parametrize("path", ["/v2/x/nothing", "/v1/", "/v2/a/b/c/unknown/thing", "/favicon.ico", "/v2/_unknown"])
def test_unknown_routes_are_not_found(client, path):
    client.get(path).expect(404)


@pytest.mark.parametrize("method,rest,allowed", [
    ("POST", "manifests/v1", {"GET", "HEAD", "PUT", "DELETE"}),
    ("PUT", f"blobs/{ABSENT}", {"GET", "HEAD", "DELETE"}),
    ("DELETE", "tags/list", {"GET", "HEAD"}),
    ("PUT", f"referrers/{ABSENT}", {"GET", "HEAD"}),
    ("PATCH", "manifests/v1", {"GET", "HEAD", "PUT", "DELETE"}),
])
def test_wrong_methods_list_the_right_ones(client, repo, method, rest, allowed):
    answer = client.request(method, repo.path(rest)).expect(405)
    assert {each.strip() for each in answer["Allow"].split(",")} == allowed
    assert method not in answer["Allow"]


def test_the_catalog_cannot_be_written(client):
    assert "GET" in client.post("/v2/_catalog").expect(405)["Allow"]


@pytest.mark.parametrize("rest,code", [
    ("manifests/none", "MANIFEST_UNKNOWN"), (f"manifests/{ABSENT}", "MANIFEST_UNKNOWN"), (f"blobs/{ABSENT}", "BLOB_UNKNOWN"),
    ("tags/list", "NAME_UNKNOWN"), ("blobs/uploads/00000000-0000-4000-8000-000000000000", "BLOB_UPLOAD_UNKNOWN"),
])
def test_what_is_absent_is_404_with_its_code(client, repo, rest, code):
    answer = client.get(repo.path(rest)).expect_error(404, code)
    assert answer["Content-Type"].startswith("application/json")
    error = answer.json["errors"][0]
    assert isinstance(error["message"], str) and error["message"]


def test_a_head_error_has_no_body_but_the_connection_goes_on(client, repo):
    assert repo.head_manifest("none").expect(404).body == b""
    assert repo.head_blob(ABSENT).expect(404).body == b""
    client.get("/v2/").expect(200)


def test_error_detail_names_what_was_asked_for(client, repo):
    assert "none" in str(repo.get_manifest("none").json["errors"][0]["detail"])
    assert ABSENT in str(repo.get_blob(ABSENT).json["errors"][0]["detail"])
    assert repo.name in str(repo.tags().json["errors"][0]["detail"])


@pytest.mark.parametrize("name", ["UPPER", "a//b", "-a", "a-", "a_", "a___b", "a..b", ".a", "a/-b", "a" * 300])
def test_bad_repository_names_are_refused(client, name):
    answer = client.get(f"/v2/{name}/tags/list")
    assert answer.status in (301, 400, 404), answer
    assert client.put(f"/v2/{name}/manifests/v1", b"{}", content_type="application/json").status in (301, 400, 404)
    assert client.post(f"/v2/{name}/blobs/uploads/").status in (301, 400, 404)


@pytest.mark.parametrize("name", ["a", "a-b", "a--b", "a_b", "a__b", "a.b", "a/b/c/d/e", "0", "a" * 200])
def test_good_repository_names_are_taken(client, name):
    client.post(f"/v2/{name}/blobs/uploads/").expect(202)


@pytest.mark.parametrize("tag", ["-a", ".a", "a" * 129, "a%20b", "a:b", "a+b"])
def test_bad_tags_are_refused(client, repo, tag):
    assert client.get(repo.path(f"manifests/{tag}")).status in (400, 404)
    answer = client.put(repo.path(f"manifests/{tag}"), b"{}", content_type="application/vnd.oci.image.manifest.v1+json")
    assert answer.status in (400, 404)


def test_ns_is_accepted_on_reads(client, repo):
    data = b"with ns"
    digest = repo.push_blob(data)
    assert client.get(repo.path(f"blobs/{digest}?ns=docker.io")).expect(200).body == data
    client.get(repo.path("manifests/none?ns=docker.io")).expect(404)
    client.get("/v2/?ns=docker.io").expect(200)


def test_answers_are_never_compressed(client, repo):
    digest = repo.push_blob(b"a" * 100_000)
    answer = repo.get_blob(digest, accept_encoding="gzip, deflate, br, zstd").expect(200)
    assert "Content-Encoding" not in answer and answer["Content-Length"] == "100000"
    assert "Content-Encoding" not in client.get("/v2/_catalog", accept_encoding="gzip").expect(200)
