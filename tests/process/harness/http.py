"""A plain HTTP/1.1 client that shows answers as they came and hides nothing: no redirects, no retries, no added headers.
With BERTH_TEST_HTTP=2 in the environment it speaks HTTP/2 instead (bare sockets stay what they are)."""

import http.client
import json as json_module
import os
import socket
import ssl
from typing import Iterable, Mapping, Optional, Union
from urllib.parse import urlsplit

Body = Union[bytes, Iterable[bytes], None]


def speaks_http2() -> bool:
    """Whether the tests run over HTTP/2."""
    return os.environ.get("BERTH_TEST_HTTP", "1") == "2"


class Answer:
    """One response. Header names are case-insensitive; `all` gives every line of one name."""

    def __init__(self, status: int, headers: list, body: bytes):
        self.status = status
        self.headers = headers
        self.body = body

    def get(self, name: str, default: Optional[str] = None) -> Optional[str]:
        lines = self.all(name)
        return lines[0] if lines else default

    def all(self, name: str) -> list:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        assert value is not None, f"no {name} header in {self}"
        return value

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    @property
    def json(self):
        return json_module.loads(self.body)

    @property
    def error_code(self) -> Optional[str]:
        """The first OCI error code, or None if the body is not the error envelope."""
        try:
            return self.json["errors"][0]["code"]
        except (ValueError, LookupError, TypeError):
            return None

    def expect(self, *statuses: int) -> "Answer":
        assert self.status in statuses, f"expected {' or '.join(map(str, statuses))}, got {self}"
        return self

    def expect_error(self, status: int, code: str) -> "Answer":
        self.expect(status)
        assert self.error_code == code, f"expected the error code {code}, got {self}"
        return self

    def __repr__(self) -> str:
        lines = "".join(f"\n  {key}: {value}" for key, value in self.headers)
        return f"{self.status}{lines}\n  {self.body[:600]!r}"


class Http:
    """One keep-alive connection at a time to one server; reconnects when the server closed it. Not thread-safe."""

    def __init__(self, host: str, port: int, *, tls: Optional[ssl.SSLContext] = None, unix: Optional[str] = None,
                 timeout: float = 30.0, http2: Optional[bool] = None):
        self.host = host
        self.port = port
        self._tls = tls
        self._unix = unix
        self._timeout = timeout
        self._http2 = speaks_http2() if http2 is None else http2
        self._connection = None

    def connect(self) -> socket.socket:
        """A fresh bare socket to the server, for requests that no library would send."""
        if self._unix:
            plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            plain.settimeout(self._timeout)
            plain.connect(self._unix)
        else:
            plain = socket.create_connection((self.host, self.port), timeout=self._timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._tls.wrap_socket(plain, server_hostname=self.host) if self._tls else plain

    def request(self, method: str, target: str, body: Body = None, headers: Optional[Mapping[str, object]] = None) -> Answer:
        """Sends one request. `target` is a path (sent as typed) or an absolute URL whose authority is not looked at; a body
        that is not bytes goes out chunked. A header value that is a list is sent as several lines; None leaves out a
        header that would be added (Host, Content-Length)."""
        reused = self._connection is not None
        try:
            return self._exchange(method, target, body, headers or {})
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            # A kept connection may have met its idle time-out; a fresh one that breaks is a finding.
            if not reused or not (body is None or isinstance(body, bytes)):
                raise
            return self._exchange(method, target, body, headers or {})

    def _exchange(self, method: str, target: str, body: Body, headers: Mapping[str, object]) -> Answer:
        if "://" in target:
            parts = urlsplit(target)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
        if self._http2:
            return self._exchange_http2(method, target, body, headers)
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self.host, self.port, timeout=self._timeout)
            self._connection.sock = self.connect()
        connection = self._connection
        given = {name.lower() for name in headers}
        connection.putrequest(method, target, skip_host="host" in given, skip_accept_encoding=True)
        for name, value in headers.items():
            for line in value if isinstance(value, (list, tuple)) else [value]:
                if line is not None:
                    connection.putheader(name, str(line))
        is_bytes = body is None or isinstance(body, bytes)
        if is_bytes and "content-length" not in given and (body is not None or method in ("POST", "PUT", "PATCH")):
            connection.putheader("Content-Length", str(len(body or b"")))
        if not is_bytes and "transfer-encoding" not in given:
            connection.putheader("Transfer-Encoding", "chunked")
        try:
            try:
                if is_bytes:
                    connection.endheaders(body or None)
                else:
                    connection.endheaders(body, encode_chunked=True)
            except (BrokenPipeError, ConnectionResetError):
                if not body:
                    raise
                # The server answered before the body's end and closed; its answer is in the socket's buffer.
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        except BaseException:
            self.close()
            raise
        if response.will_close:
            self.close()
        return answer

    def _exchange_http2(self, method: str, target: str, body: Body, headers: Mapping[str, object]) -> Answer:
        from .http2 import Http2Connection

        given = {name.lower(): value for name, value in headers.items()}
        authority = given.pop("host", f"{self.host}:{self.port}")
        lines = [(name, str(line)) for name, value in given.items()
                 for line in (value if isinstance(value, (list, tuple)) else [value]) if line is not None]
        is_bytes = body is None or isinstance(body, bytes)
        if is_bytes and "content-length" not in given and (body is not None or method in ("POST", "PUT", "PATCH")):
            lines.append(("content-length", str(len(body or b""))))
        if self._connection is None or self._connection.is_ended:
            if self._tls:
                self._tls.set_alpn_protocols(["h2"])
            self._connection = Http2Connection(self.connect())
        try:
            status, fields, content = self._connection.exchange(method, target, authority, lines, body or None)
        except BaseException:
            self.close()
            raise
        return Answer(status, fields, content)

    def get(self, target: str, **headers) -> Answer:
        return self.request("GET", target, headers=_named(headers))

    def head(self, target: str, **headers) -> Answer:
        return self.request("HEAD", target, headers=_named(headers))

    def post(self, target: str, body: Body = None, **headers) -> Answer:
        return self.request("POST", target, body, _named(headers))

    def put(self, target: str, body: Body = None, **headers) -> Answer:
        return self.request("PUT", target, body, _named(headers))

    def patch(self, target: str, body: Body = None, **headers) -> Answer:
        return self.request("PATCH", target, body, _named(headers))

    def delete(self, target: str, **headers) -> Answer:
        return self.request("DELETE", target, headers=_named(headers))

    def raw(self, request: bytes, method: str = "GET") -> Answer:
        """Sends bytes as they are on a connection of its own and reads one answer."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_answer(connection, method)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """Reads one final answer from a socket (an interim 100 is skipped)."""
    while True:
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        return Answer(response.status, response.getheaders(), response.read())


def _named(headers: Mapping[str, object]) -> dict:
    """Keyword arguments as header names: content_type -> content-type."""
    return {name.replace("_", "-"): value for name, value in headers.items()}
