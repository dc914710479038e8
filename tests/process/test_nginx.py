"""Behind nginx that ends TLS: pushes work and Location is right without any setting (walkthrough, "Run it")."""

import pytest

from harness import content
from harness.clients import Nginx, Skopeo
from harness.content import digest_of
from harness.http import Http
from harness.ports import free_port
from harness.repository import Repository
from harness.server import Certificate


@pytest.fixture(scope="module")
def front(berth, tmp_path_factory):
    directory = tmp_path_factory.mktemp("nginx")
    certificate = Certificate(directory / "pair")
    proxy = Nginx(directory / "nginx", berth.address, certificate, free_port())
    proxy.certificate = certificate
    yield proxy
    proxy.close()


@pytest.fixture
def client(front):
    http = Http("127.0.0.1", front.port, tls=front.certificate.client_context())
    yield http
    http.close()


def test_location_is_the_front_s(front, client):
    base = f"https://127.0.0.1:{front.port}/v2/proxied/"
    data = b"through the front"
    begin = client.post("/v2/proxied/location/blobs/uploads/").expect(202)["Location"]
    assert begin.startswith(base)
    chunk = client.patch(begin, data).expect(202)["Location"]
    assert chunk.startswith(base)
    done = client.put(chunk + ("&" if "?" in chunk else "?") + f"digest={digest_of(data)}").expect(201)["Location"]
    assert done.startswith(base)
    assert client.get(done).expect(200).body == data


def test_push_and_pull(client, berth):
    repository = Repository(client, "proxied/image")
    image = repository.push(content.image([content.layer(size=3_000_000)]), "v1")
    repository.assert_holds(image, "v1")
    Repository(berth.client, "proxied/image").assert_holds(image, "v1")


def test_skopeo_through_it(front, tmp_path, berth):
    skopeo = Skopeo(tmp_path)
    index = Repository(berth.client, "proxied/list").push(content.multi_arch(), "v1")
    skopeo.copy(f"docker://127.0.0.1:{front.port}/proxied/list:v1", f"docker://127.0.0.1:{front.port}/proxied/copy:v1", "--all")
    Repository(berth.client, "proxied/copy").assert_holds(index, "v1")


def test_early_answers_pass(client):
    client.put("/v2/proxied/x/manifests/v1", b"x" * 6_000_000, content_type=content.OCI_MANIFEST).expect(413)
    client.get("/v2/").expect(200)
