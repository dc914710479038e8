"""HTTP/2 as clients speak it: by ALPN over TLS, and without TLS if h2c is enabled. curl, nghttp and h2load by their command
lines, Python's h2, frames by hand for what no client sends."""

import hashlib
import os
import re
import signal
import socket
import threading
import time

import pytest

from harness import content, http2
from harness.clients import need, run
from harness.content import digest_of, random_bytes
from harness.http import Http
from harness.repository import Repository, with_query
from harness.server import Certificate, berth_server
from harness.waiting import wait_for

SIZE = 64 * 1024 * 1024


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """One server with TLS for the file's tests."""
    directory = tmp_path_factory.mktemp("secure")
    with berth_server(directory=directory / "server", tls=Certificate(directory / "pair")) as server:
        yield server


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """One server that speaks HTTP/2 without TLS, too."""
    with berth_server({"http": {"h2c": {"enabled": True}}}, directory=tmp_path_factory.mktemp("plain")) as server:
        yield server


@pytest.fixture(params=["tls", "prior knowledge"])
def both(request):
    """A server, and the curl that speaks HTTP/2 with it."""
    if request.param == "tls":
        server = request.getfixturevalue("secure")
        return server, ["curl", "-s", "--cacert", str(server.tls.certificate), "--http2"]
    return request.getfixturevalue("plain"), ["curl", "-s", "--http2-prior-knowledge"]


@pytest.fixture(scope="module")
def layer(tmp_path_factory):
    path = tmp_path_factory.mktemp("layer") / "data"
    path.write_bytes(random_bytes(SIZE, seed=5))
    return path, "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def start_upload(server, curl, name):
    head = run(*curl, "-f", "-i", "-X", "POST", f"{server.url}/v2/{name}/blobs/uploads/").stdout
    return re.search(r"(?im)^location: (\S+)", head).group(1)


def is_logged(server, *needles):
    return any(all(needle in line for needle in needles) for line in server.log.splitlines())


def test_curl_pushes_and_pulls(both, layer, tmp_path):
    server, curl = both
    path, digest = layer
    location = start_upload(server, curl, "http2/curl")
    put = run(*curl, "-f", "-i", "-X", "PUT", "-T", path, with_query(location, f"digest={digest}")).stdout
    assert put.startswith("HTTP/2 201")
    url = f"{server.url}/v2/http2/curl/blobs/{digest}"
    said = run(*curl, "-f", "-o", tmp_path / "out", "-w", "%{http_version} %{size_download}", url).stdout
    assert said == f"2 {SIZE}"
    assert (tmp_path / "out").read_bytes() == path.read_bytes()
    wait_for("the access log", lambda: is_logged(server, "GET /v2/http2/curl/blobs/", 'HTTP/2.0" 200 67108864'), 5)


def test_curl_pushes_in_chunks_from_a_pipe(both, layer):
    """-T - has no length; PATCH then PUT, and Expect: 100-continue asked for."""
    server, curl = both
    path, digest = layer
    location = start_upload(server, curl, "http2/pipe")
    line = " ".join(str(each) for each in curl)
    head = run("bash", "-ec", f"cat {path} | {line} -f -i -H 'Expect: 100-continue' -H 'Content-Type: application/octet-stream' "
                              f"-X PATCH -T - '{location}'").stdout
    assert "HTTP/2 202" in head
    location = re.search(r"(?im)^location: (\S+)", head).group(1)
    run(*curl, "-f", "-X", "PUT", with_query(location, f"digest={digest}"))
    assert run(*curl, "-f", "-I", f"{server.url}/v2/http2/pipe/blobs/{digest}").stdout.startswith("HTTP/2 200")


def test_head_and_ranges(both, layer):
    server, curl = both
    path, _ = layer
    data = path.read_bytes()[:5_000_000]
    digest = Repository(server.client, "http2/range").push_blob(data)
    url = f"{server.url}/v2/http2/range/blobs/{digest}"
    head = run(*curl, "-f", "-I", url).stdout.lower()
    assert "content-length: 5000000" in head and f"docker-content-digest: {digest}" in head
    for start, end in ((0, 0), (4_999_990, 4_999_999), (1_000_000, 3_999_999)):
        command = " ".join(str(each) for each in [*curl, "-f", "-r", f"{start}-{end}", url]) + " | sha256sum"
        assert run("bash", "-ec", command).stdout.split()[0] == hashlib.sha256(data[start:end + 1]).hexdigest()
    several = run(*curl, "-f", "-i", "-r", "0-1,10-11", url, check=False).stdout
    assert several.startswith("HTTP/2 206") and several.count("Content-Range: bytes") == 2
    assert run(*curl, "-o", "/dev/null", "-w", "%{http_code}", "-r", "9999999-", url).stdout == "416"


def test_an_early_answer_reaches_the_client(both, layer):
    """A large body to a place that does not want it: the answer, and no hanging."""
    server, curl = both
    path, _ = layer
    said = run(*curl, "-i", "-m", 20, "-X", "PATCH", "-T", path, f"{server.url}/v2/nowhere", check=False).stdout
    assert "HTTP/2 404" in said


def test_upgrade_and_http_1_on_the_same_port(plain):
    assert "101 Switching Protocols" in run("curl", "-s", "-i", "--http2", f"{plain.url}/v2/").stdout
    assert run("curl", "-s", "-w", "%{http_version}", "--http2", f"{plain.url}/v2/").stdout == "{}2"
    assert run("curl", "-s", "-w", "%{http_version}", f"{plain.url}/v2/").stdout == "{}1.1"
    # A body is not carried over: it is answered in HTTP/1.1, as a server may.
    said = run("curl", "-s", "-i", "--http2", "-X", "POST", "-d", "x", f"{plain.url}/v2/http2/up/blobs/uploads/").stdout
    assert said.startswith("HTTP/1.1 202")


def test_nghttp_sees_sound_frames(secure):
    need("nghttp")
    said = run("nghttp", "-nv", f"{secure.url}/v2/", f"{secure.url}/v2/_catalog").stdout
    assert said.count("recv HEADERS frame") == 2 and "END_STREAM" in said
    assert "SETTINGS_MAX_CONCURRENT_STREAMS(0x03):250" in said
    assert "error" not in said.replace("error_code=NO_ERROR", "").lower()


@pytest.mark.parametrize("server", ["secure", "plain"])
def test_h2load_gets_every_answer(request, server):
    need("h2load")
    running = request.getfixturevalue(server)
    image = Repository(running.client, "http2/load").push(content.image(), "v1")
    said = run("h2load", "-n", 4000, "-c", 16, "-m", 10, f"{running.url}/v2/http2/load/manifests/v1",
               f"{running.url}/v2/http2/load/blobs/{image.blobs[0].digest}").stdout
    assert "4000 succeeded, 0 failed, 0 errored, 0 timeout" in said, said
    assert "status codes: 4000 2xx" in said


def test_another_client_pushes_and_pulls(secure):
    """The h2 package of Python, over TLS."""
    image = content.image([content.layer(size=3_000_000) for _ in range(3)])
    client = secure.http(http2=True)
    repository = Repository(client, "http2/python")
    repository.push(image, "v1")
    repository.assert_holds(image, "v1")
    assert repository.tag_names() == ["v1"]
    client.close()
    wait_for("the access log", lambda: is_logged(secure, "/v2/http2/python/manifests/v1", 'HTTP/2.0" 201'), 5)


def test_http2_can_be_switched_off(tmp_path):
    pair = Certificate(tmp_path / "pair")
    with berth_server({"http": {"http2": {"disabled": True}}}, directory=tmp_path / "server", tls=pair) as server:
        said = run("curl", "-s", "--cacert", pair.certificate, "--http2", "-w", "%{http_version}", f"{server.url}/v2/").stdout
        assert said == "{}1.1"


def test_h2c_is_off_unless_enabled(tmp_path):
    with berth_server(directory=tmp_path / "server") as server:
        assert run("curl", "-s", "-w", "%{http_version}", "--http2", f"{server.url}/v2/").stdout == "{}1.1"
        assert run("curl", "-s", "--http2-prior-knowledge", f"{server.url}/v2/", check=False).returncode != 0


def test_a_broken_off_upload_can_be_resumed(plain):
    data = random_bytes(2_000_000, seed=8)
    client = Http("127.0.0.1", plain.port, http2=False)
    location = client.post("/v2/http2/broken/blobs/uploads/").expect(202)["Location"]
    path = location.split(str(plain.port), 1)[1].encode()
    with socket.create_connection(("127.0.0.1", plain.port), timeout=10) as connection:
        connection.sendall(http2.PREFACE + http2.frame(http2.SETTINGS, 0, 0)
                           + http2.frame(http2.HEADERS, http2.END_HEADERS, 1, http2.head(b"PATCH", path)))
        for at in range(0, 60_000, 10_000):
            connection.sendall(http2.frame(http2.DATA, 0, 1, data[at:at + 10_000]))
        time.sleep(0.3)
        connection.sendall(http2.frame(http2.RST_STREAM, 0, 1, b"\0\0\0\x08"))
        time.sleep(0.3)
    status = wait_for("the upload to be left", lambda: _offset(client, location), 10)
    assert status == 60_000
    answer = client.patch(location, data[60_000:], content_range=f"60000-{len(data) - 1}").expect(202)
    client.put(with_query(answer["Location"], f"digest={digest_of(data)}")).expect(201)
    client.close()


def _offset(client, location):
    answer = client.get(location)
    return int(answer["Range"].split("-")[1]) + 1 if answer.status == 204 and answer["Range"] != "0-0" else None


def test_a_flood_of_resets_ends_its_connection_alone(tmp_path):
    with berth_server({"http": {"h2c": {"enabled": True}, "http2": {"resets": 50}}}, directory=tmp_path / "server") as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            flood = b"".join(http2.frame(http2.HEADERS, http2.END_STREAM | http2.END_HEADERS, stream, http2.head(b"GET", b"/v2/_catalog"))
                             + http2.frame(http2.RST_STREAM, 0, stream, b"\0\0\0\x08") for stream in range(1, 4001, 2))
            received = b""
            try:
                connection.sendall(http2.PREFACE + http2.frame(http2.SETTINGS, 0, 0) + flood)
                while piece := connection.recv(65536):
                    received += piece
            except ConnectionError:
                pass
            assert b"\0\0\x08\x07\0\0\0\0\0" in received and received.endswith(b"\0\0\0\x0b")  # GOAWAY, ENHANCE_YOUR_CALM
        server.client.get("/v2/").expect(200)


def test_streams_end_when_the_server_stops(tmp_path):
    """SIGTERM while a pull and a push are under way on one connection: both end whole, and then the connection does."""
    need("curl")
    data = random_bytes(8_000_000, seed=9)
    pair = Certificate(tmp_path / "pair")
    with berth_server({"http": {"draintimeout": "30s"}}, directory=tmp_path / "server", tls=pair) as server:
        digest = Repository(server.client, "http2/stop").push_blob(data)
        outcome = {}

        def pull():
            outcome["pull"] = run("curl", "-s", "-f", "--cacert", pair.certificate, "--http2", "--limit-rate", "3M", "-o", tmp_path / "out",
                                  f"{server.url}/v2/http2/stop/blobs/{digest}", check=False).returncode

        thread = threading.Thread(target=pull)
        thread.start()
        wait_for("the pull to begin", lambda: (tmp_path / "out").exists() and (tmp_path / "out").stat().st_size > 0, 10)
        server.stop()
        thread.join(30)
    assert outcome["pull"] == 0 and (tmp_path / "out").read_bytes() == data


def test_kill_in_the_middle_of_streams(tmp_path):
    """kill -9 with uploads of several streams under way: what was acknowledged is there afterwards."""
    with berth_server({"http": {"h2c": {"enabled": True}}}, directory=tmp_path / "server") as server:
        acknowledged = []

        def push(number):
            repository = Repository(Http("127.0.0.1", server.port, http2=True), f"http2/kill{number}")
            try:
                for round_number in range(1000):
                    data = random_bytes(300_000, seed=number * 10_000 + round_number)
                    acknowledged.append((repository.name, repository.push_blob(data), data))
            except (OSError, AssertionError):
                pass

        threads = [threading.Thread(target=push, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        wait_for("some pushes", lambda: len(acknowledged) > 20, 30)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(10)
        for thread in threads:
            thread.join(30)
        server.kill()
        server.start()
        assert os.path.isdir(server.root)
        for name, digest, data in acknowledged:
            assert Repository(server.client, name).get_blob(digest).expect(200).body == data
