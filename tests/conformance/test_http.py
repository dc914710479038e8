"""HTTP itself, as odd clients speak it: URLs, early answers, Expect, pipelining, framing (issue, "The API, complete")."""

import http.client
import socket

import pytest

from harness import content
from harness.content import digest_of, random_bytes
from harness.http import read_answer
from harness.repository import with_query

DATA = random_bytes(3_000, seed=11)
DIGEST = digest_of(DATA)


@pytest.fixture
def stored(repo):
    repo.push_blob(DATA)
    return repo


class TestUrls:
    def test_a_digest_may_be_encoded(self, stored):
        for spelling in (DIGEST.replace(":", "%3A"), DIGEST.replace(":", "%3a"), "%73" + DIGEST[1:]):
            assert stored.get_blob(spelling).expect(200).body == DATA

    def test_a_tag_may_be_encoded(self, repo):
        image = repo.push(content.image(), "v1.0_x")
        assert repo.get_manifest("v1%2E0%5Fx").expect(200).body == image.data

    def test_decoded_once(self, stored):
        assert stored.get_blob(DIGEST.replace(":", "%253A")).status in (400, 404)

    @pytest.mark.parametrize("target", [
        "/v2/a%2Fb/tags/list", "/v2/../../etc/passwd", "/v2/%2e%2e/%2e%2e/etc/passwd", "/v2/a/%2e%2e/b/tags/list", "/v2/a/../b/tags/list",
        "/v2/a%00b/tags/list", "/v2/a/manifests/x%00", "/v2/a/manifests/..", "/v2/a/manifests/%2e%2e", "/v2/a/manifests/a%2Fb",
        "/v2/a/blobs/sha256:..%2f..%2f", "/v2/%c0%ae%c0%ae/tags/list", "/v2/a/blobs/uploads/..%2f..%2fx", "/v2/a/blobs/uploads/..",
        "/v2/a%/tags/list", "/v2/a%zz/tags/list", "/v2/a\\b/tags/list", "/v2/a%5cb/tags/list", "/v2//tags/list", "/v2/%20/tags/list",
        "/v2/a/manifests/%ff", "/v2/a%0d%0ab/tags/list",
    ])
    @pytest.mark.parametrize("method", ["GET", "PUT"])
    def test_odd_paths_are_refused(self, server, client, target, method):
        request = f"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        answer = client.raw(request.encode("latin-1"))
        # 301 is Distribution's clean-up of a path and 405 a route without the method; all of them leave the disk alone.
        assert answer.status in (301, 400, 404, 405), answer
        assert not any("passwd" in str(path) for path in server.root.rglob("*"))

    def test_a_very_long_target_is_refused(self, client):
        answer = client.raw(b"GET /v2/" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.status in (400, 404, 414, 431)

    def test_a_name_over_255_bytes_is_refused_cleanly(self, client):
        client.get(f"/v2/{'a/' * 200}b/tags/list").expect(400, 404)

    def test_an_absolute_target(self, server, client):
        answer = client.raw(f"GET http://{server.address}/v2/ HTTP/1.1\r\nHost: {server.address}\r\nConnection: close\r\n\r\n".encode())
        answer.expect(200)


class TestExpect:
    def send_head(self, server, method, path, length, *lines):
        connection = server.http().connect()
        head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {length}", *lines, "", ""])
        connection.sendall(head.encode())
        return connection

    def test_100_continue_comes_when_the_body_is_wanted(self, server, repo, client):
        path = "/" + repo.start_upload()["Location"].split("/", 3)[3]
        with self.send_head(server, "PATCH", path, len(DATA), "Expect: 100-continue") as connection:
            connection.settimeout(5)
            received = connection.recv(100)
            assert received.startswith(b"HTTP/1.1 100 "), received
            connection.sendall(DATA)
            read_answer(connection).expect(202)

    @pytest.mark.parametrize("method,path,status", [
        ("PATCH", "/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000", 404),
        ("PUT", "/v2/a/manifests/v1", 413),
        ("PUT", "/v2/UPPER/manifests/v1", None),
        ("POST", "/v2/a/manifests/v1", 405),
        ("POST", "/v2/a/blobs/uploads/?digest=sha256:bad", 400),
    ])
    def test_checks_that_need_no_body_come_first(self, server, method, path, status):
        kind = f"Content-Type: {content.OCI_MANIFEST}"
        with self.send_head(server, method, path, 50_000_000, "Expect: 100-continue", kind) as connection:
            connection.settimeout(5)
            received = b""
            while b"\r\n" not in received:
                piece = connection.recv(100)
                assert piece, "closed without an answer"
                received += piece
            code = int(received.split()[1])
            assert code != 100 and 400 <= code < 500 and status in (None, code), received

    def test_another_expectation_is_417(self, server, repo):
        path = "/" + repo.start_upload()["Location"].split("/", 3)[3]
        with self.send_head(server, "PATCH", path, 10, "Expect: the-spanish-inquisition") as connection:
            read_answer(connection).expect(417)


class TestEarlyAnswers:
    """A final status before the body is read reaches the client: send, half-close, drain bounded, close."""

    @pytest.mark.parametrize("method,path,status", [
        ("PATCH", "/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000", 404),
        ("PUT", "/v2/a/manifests/v1", 413),
        ("POST", "/v2/a/blobs/uploads/?digest=sha256:bad", 400),
    ])
    @pytest.mark.parametrize("size", [200_000, 20_000_000])
    def test_a_client_that_sends_first_and_reads_later(self, server, method, path, status, size):
        if status == 413:
            size = max(size, 5_000_000)
        with server.http().connect() as connection:
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content.OCI_MANIFEST}\r\nContent-Length: {size}\r\n\r\n"
            connection.sendall(head.encode())
            sent = 0
            block = bytes(65536)
            try:
                while sent < size:
                    # Reads nothing while it sends, as many clients do; the answer waits in the socket's buffer.
                    sent += connection.send(block[:size - sent])
            except (BrokenPipeError, ConnectionResetError):
                pass
            try:
                read_answer(connection).expect(status)
            except (ConnectionResetError, OSError):
                # Beyond the bounded drain the server closes; a body that fits the drain must get its answer.
                assert size > 256 * 1024, "the answer was lost in a reset"

    def test_a_client_that_reads_while_it_sends_gets_the_answer(self, server):
        with server.http().connect() as connection:
            connection.sendall(b"PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n"
                               b"Content-Type: application/vnd.oci.image.manifest.v1+json\r\n\r\n")
            answer = read_answer(connection)
            answer.expect(413)
            # Nothing more is wanted, so the connection ends in bounded time.
            connection.settimeout(10)
            try:
                while connection.recv(65536):
                    pass
            except ConnectionResetError:
                pass


class TestConnections:
    def test_keep_alive(self, server):
        with server.http().connect() as connection:
            for _ in range(20):
                connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
                read_answer(connection).expect(200)

    def test_keep_alive_after_an_error(self, server):
        with server.http().connect() as connection:
            connection.sendall(b"GET /v2/a/manifests/none HTTP/1.1\r\nHost: x\r\n\r\n")
            read_answer(connection).expect(404)
            connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
            read_answer(connection).expect(200)

    def test_close_is_honoured(self, server):
        with server.http().connect() as connection:
            connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            read_answer(connection).expect(200)
            assert connection.recv(1) == b""

    def test_http_1_0(self, server):
        with server.http().connect() as connection:
            connection.sendall(b"GET /v2/ HTTP/1.0\r\nHost: x\r\n\r\n")
            received = b""
            while piece := connection.recv(65536):
                received += piece
            assert b" 200 " in received.split(b"\r\n")[0] and received.endswith(b"{}")

    def test_pipelining(self, server, stored):
        requests = [("GET", "/v2/", 200), ("GET", stored.path(f"blobs/{DIGEST}"), 200), ("GET", stored.path("manifests/none"), 404),
                    ("GET", stored.path(f"blobs/{DIGEST}"), 200), ("GET", "/v2/", 200)]
        with server.http().connect() as connection:
            connection.sendall(b"".join(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for method, path, _ in requests))
            received = b""
            connection.settimeout(5)
            while received.count(b"HTTP/1.1 ") < len(requests) or not received.endswith(b"{}"):
                piece = connection.recv(65536)
                assert piece, "closed too early"
                received += piece
            statuses = [int(part.split(b" ", 1)[0]) for part in received.split(b"HTTP/1.1 ")[1:]]
            assert statuses == [status for _, _, status in requests]
            assert received.count(DATA) == 2

    @pytest.mark.parametrize("request_bytes", [
        b"GET /v2/ HTTP/1.1\r\n\r\n",  # no Host
        b"GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n",
        b"GET /v2/ HTTP/9.9\r\nHost: x\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS on a plain port
    ])
    def test_malformed_requests_are_refused_and_end_the_connection(self, server, request_bytes):
        with server.http().connect() as connection:
            connection.sendall(request_bytes)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(10)
            received = b""
            try:
                while piece := connection.recv(65536):
                    received += piece
            except ConnectionResetError:
                pass
            if received:
                assert received.startswith(b"HTTP/1."), received[:100]
                assert 400 <= int(received.split()[1]) < 600, received[:100]
                assert received.count(b"HTTP/1.1 ") <= 1, "only one answer to a request whose end is unclear"

    def test_too_large_headers_are_431(self, server):
        answer = server.client.raw(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"a" * 1000) for i in range(200)) + b"\r\n")
        assert answer.status in (400, 431), answer

    def test_a_body_on_get_is_read_over(self, server, stored):
        with server.http().connect() as connection:
            head = f"GET {stored.path('blobs/' + DIGEST)} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
            connection.sendall(head.encode() + b"hello" + b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
            received = b""
            connection.settimeout(5)
            try:
                while not received.endswith(b"{}"):
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    received += piece
            except ConnectionResetError:
                pass
            assert b" 200 " in received.split(b"\r\n")[0]


class TestChunked:
    """Chunked bodies as RFC 9112 allows them, and as it does not."""

    def put(self, server, repo, body, digest):
        location = with_query("/" + repo.start_upload()["Location"].split("/", 3)[3], f"digest={digest}")
        head = f"PUT {location} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        with server.http().connect() as connection:
            connection.sendall(head.encode() + body)
            connection.shutdown(socket.SHUT_WR)
            return read_answer(connection)

    @pytest.mark.parametrize("body", [
        b"5\r\nhello\r\n0\r\n\r\n", b"1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", b"00005\r\nhello\r\n000\r\n\r\n",
        b"5;name=value\r\nhello\r\n0;last\r\n\r\n", b"5\r\nhello\r\n0\r\nX-Trailer: yes\r\n\r\n",
    ])
    def test_taken(self, server, repo, body):
        self.put(server, repo, body, digest_of(b"hello")).expect(201)
        assert repo.get_blob(digest_of(b"hello")).body == b"hello"

    def test_hexadecimal_in_both_cases(self, server, repo):
        data = b"x" * 0xAB
        self.put(server, repo, b"aB\r\n" + data + b"\r\n0\r\n\r\n", digest_of(data)).expect(201)

    @pytest.mark.parametrize("body", [
        b"5\r\nhell", b"5\r\nhello0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5 \r\nhello",
        b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n", b"\r\nhello\r\n0\r\n\r\n", b"5;" + b"a" * 100_000 + b"\r\nhello\r\n0\r\n\r\n",
    ])
    def test_refused(self, server, repo, body):
        try:
            assert 400 <= self.put(server, repo, body, digest_of(b"hello")).status < 500
        except (OSError, http.client.HTTPException):
            pass  # closed without an answer
        repo.head_blob(digest_of(b"hello")).expect(404)


class TestLengths:
    """Every 201 and 202 has Content-Length: 0; 204 and 304 have none."""

    def test_seen_raw(self, server, repo):
        location = "/" + repo.start_upload()["Location"].split("/", 3)[3]

        def head_of(request):
            with server.http().connect() as connection:
                connection.sendall(request)
                received = b""
                while b"\r\n\r\n" not in received:
                    received += connection.recv(65536)
                return received.split(b"\r\n\r\n")[0].lower()

        accepted = head_of(f"POST {repo.path('blobs/uploads/')} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        assert b" 202 " in accepted and b"\r\ncontent-length: 0" in accepted
        status = head_of(f"GET {location} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert b" 204 " in status and b"content-length" not in status and b"transfer-encoding" not in status
        digest = repo.push_blob(b"304")
        same = head_of(f'GET {repo.path("blobs/" + digest)} HTTP/1.1\r\nHost: x\r\nIf-None-Match: "{digest}"\r\n\r\n'.encode())
        assert b" 304 " in same and b"content-length" not in same
        created = head_of(f"PUT {with_query(location, 'digest=' + digest)} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n304".encode())
        assert b" 201 " in created and b"\r\ncontent-length: 0" in created
        cancelled = "/" + repo.start_upload()["Location"].split("/", 3)[3]
        gone = head_of(f"DELETE {cancelled} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert b" 204 " in gone and b"content-length" not in gone
