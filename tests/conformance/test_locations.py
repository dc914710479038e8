"""Location: http.host, else Forwarded, else X-Forwarded-*, else Host; relativeurls; prefix (issue, compat 3.9)."""

import pytest

from harness import content
from harness.content import digest_of
from harness.repository import Repository
from harness.server import berth_server


def location(client, **headers):
    return client.post("/v2/some/repo/blobs/uploads/", **headers).expect(202)["Location"]


@pytest.mark.parametrize("headers,base", [
    ({}, None),
    ({"host": "example.com:5000"}, "http://example.com:5000"),
    ({"x_forwarded_proto": "https"}, "https://{host}"),
    ({"x_forwarded_proto": "https", "x_forwarded_host": "r.example.com"}, "https://r.example.com"),
    ({"x_forwarded_proto": "https", "x_forwarded_host": "r.example.com:8443"}, "https://r.example.com:8443"),
    ({"x_forwarded_host": "first.example.com, second.example.com", "x_forwarded_proto": "https, http"}, "https://first.example.com"),
    ({"forwarded": "for=192.0.2.1;proto=https;host=f.example.com"}, "https://f.example.com"),
    ({"forwarded": 'proto=https;host="f.example.com:8443", host=second.example.com'}, "https://f.example.com:8443"),
    ({"forwarded": "host=f.example.com;proto=https", "x_forwarded_host": "x.example.com"}, "https://f.example.com"),
    ({"x_forwarded_host": "[2001:db8::1]:5000", "x_forwarded_proto": "https"}, "https://[2001:db8::1]:5000"),
])
def test_the_base(server, client, headers, base):
    expected = (base or "http://{host}").format(host=server.address)
    assert location(client, **headers).startswith(f"{expected}/v2/some/repo/blobs/uploads/")


@pytest.mark.parametrize("headers", [
    {"x_forwarded_proto": "javascript"}, {"x_forwarded_proto": "ftp"},
    {"x_forwarded_host": "evil.example.com/path"}, {"x_forwarded_host": "user@evil.example.com"},
    {"x_forwarded_host": "a b"}, {"x_forwarded_host": "evil.example.com?x"}, {"x_forwarded_host": "evil.example.com#x"},
    {"x_forwarded_host": 'evil"quote'}, {"x_forwarded_host": "host:port"}, {"x_forwarded_host": "host:99999"}, {"x_forwarded_host": ""},
])
def test_what_is_no_host_or_scheme_is_ignored(client, headers):
    for bad in headers.values():
        assert not bad or bad not in location(client, **headers)
    assert location(client, **headers).startswith("http")


def test_every_kind_of_location_follows(client, repo):
    image = content.image()
    repo.push_parts(image)
    seen = {"x_forwarded_proto": "https", "x_forwarded_host": "r.example.com"}
    base = "https://r.example.com/v2/"
    upload = repo.start_upload()["Location"]
    answer = client.patch(upload, b"x", **seen).expect(202)
    assert answer["Location"].startswith(base)
    assert client.get(upload, **seen).expect(204)["Location"].startswith(base)
    assert repo.finish_upload(upload, digest_of(b"x"), **seen).expect(201)["Location"].startswith(base)
    assert repo.put_manifest("v1", image.data, image.media_type, **seen).expect(201)["Location"].startswith(base)
    digest = image.blobs[0].digest
    mounted = client.post(f"/v2/other/place/blobs/uploads/?mount={digest}&from={repo.name}", **seen).expect(201)
    assert mounted["Location"].startswith(base)


def full_push(server, name, prefix=""):
    """A push that follows every Location as it was given; returns them."""
    client = server.client
    data = b"by location"
    begin = client.post(f"{prefix}/v2/{name}/blobs/uploads/").expect(202)["Location"]
    chunk = client.patch(begin, data).expect(202)["Location"]
    done = client.put(chunk + ("&" if "?" in chunk else "?") + f"digest={digest_of(data)}").expect(201)["Location"]
    assert client.get(done).expect(200).body == data
    return begin, chunk, done


def test_http_host_wins(tmp_path):
    with berth_server({"http": {"host": "https://public.example.com:8443"}}, directory=tmp_path) as server:
        for each in full_push(server, "a/b"):
            assert each.startswith("https://public.example.com:8443/v2/a/b/blobs/")
        assert location(server.client, x_forwarded_host="x.example.com", forwarded="host=y.example.com").startswith(
            "https://public.example.com:8443/")


def test_relative_urls(tmp_path):
    with berth_server({"http": {"relativeurls": True}}, directory=tmp_path) as server:
        for each in full_push(server, "a/b"):
            assert each.startswith("/v2/a/b/blobs/")
        assert location(server.client, x_forwarded_host="x.example.com").startswith("/v2/")


@pytest.mark.parametrize("relative", [False, True])
def test_a_prefix(tmp_path, relative):
    with berth_server({"http": {"prefix": "/registry/", "relativeurls": relative}}, directory=tmp_path) as server:
        base = "/registry/v2/a/b/blobs/" if relative else f"http://{server.address}/registry/v2/a/b/blobs/"
        for each in full_push(server, "a/b", "/registry"):
            assert each.startswith(base)
        server.client.get("/registry/v2/").expect(200)
        server.client.get("/v2/").expect(404)
        repo = Repository(server.client, "a/b")
        image = content.image()
        for blob in image.blobs:
            server.client.post(f"/registry{repo.path('blobs/uploads/')}?digest={blob.digest}", blob.data).expect(201)
        for tag in ("a", "b"):
            server.client.put(f"/registry{repo.path('manifests/')}{tag}", image.data, content_type=image.media_type).expect(201)
        link = server.client.get(f"/registry{repo.path('tags/list?n=1')}").expect(200)["Link"]
        assert server.client.get(link[1:link.index(">")]).expect(200).json["tags"] == ["b"]


def test_http_headers_are_added(tmp_path):
    headers = {"X-Content-Type-Options": ["nosniff"], "X-Two": ["a", "b"]}
    with berth_server({"http": {"headers": headers}}, directory=tmp_path) as server:
        answer = server.client.get("/v2/").expect(200)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert ", ".join(answer.all("X-Two")).replace(" ", "") == "a,b"
