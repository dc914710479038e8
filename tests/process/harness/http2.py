"""One HTTP/2 connection for plain requests, built on the h2 package; and frames by hand for what no library sends."""

import socket
import struct
from typing import Iterable, Optional, Union

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings


class StreamReset(OSError):
    """The server broke the request's stream off."""


class Http2Connection:
    """Requests one after the other over a connected socket. Names of fields come back in lower case."""

    def __init__(self, connection: socket.socket):
        self.socket = connection
        self.is_ended = False
        # What a test sends is meant as it is: the server is to judge it, not this side.
        config = h2.config.H2Configuration(client_side=True, header_encoding="latin-1", validate_outbound_headers=False,
                                           normalize_outbound_headers=False)
        self._h2 = h2.connection.H2Connection(config)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(2**30)
        self._h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 2**30})
        self._flush()

    def exchange(self, method: str, target: str, authority: Optional[str], headers: list,
                 body: Union[bytes, Iterable[bytes], None]) -> tuple:
        """(status, fields, body) of the final answer."""
        stream = self._h2.get_next_available_stream_id()
        scheme = "https" if hasattr(self.socket, "getpeercert") else "http"
        fields = [(":method", method), (":scheme", scheme), (":path", target)]
        if authority is not None:
            fields.append((":authority", authority))
        fields += [(name.lower(), value) for name, value in headers]
        answer = _Answer()
        pieces = [body] if isinstance(body, bytes) else body
        self._h2.send_headers(stream, fields, end_stream=pieces is None)
        self._flush()
        if pieces is not None:
            self._send_body(stream, pieces, answer)
        while not answer.is_closed:
            self._receive(stream, answer)
        if not answer.is_whole:
            raise StreamReset(f"{method} {target}: the stream was broken off with {answer.error}")
        return answer.status, answer.fields, bytes(answer.body)

    def _send_body(self, stream: int, pieces: Iterable[bytes], answer: "_Answer") -> None:
        for piece in pieces:
            view = memoryview(piece)
            while view:
                if answer.is_closed or answer.is_whole:
                    return  # it has answered without the rest
                room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
                if room <= 0:
                    self._receive(stream, answer)
                    continue
                self._h2.send_data(stream, bytes(view[:room]))
                view = view[room:]
                self._flush()
        if not answer.is_closed:
            self._h2.end_stream(stream)
            self._flush()

    def _receive(self, stream: int, answer: "_Answer") -> None:
        data = self.socket.recv(1 << 20)
        if not data:
            self.is_ended = True
            raise ConnectionResetError("the connection ended before the answer")
        for event in self._h2.receive_data(data):
            if isinstance(event, h2.events.ConnectionTerminated):
                self.is_ended = True
            if getattr(event, "stream_id", None) != stream:
                continue
            if isinstance(event, h2.events.ResponseReceived):
                answer.fields = [(str(name), str(value)) for name, value in event.headers if not str(name).startswith(":")]
                answer.status = int(dict(event.headers)[":status"])
            elif isinstance(event, h2.events.DataReceived):
                answer.body += event.data
                self._h2.acknowledge_received_data(event.flow_controlled_length, stream)
            elif isinstance(event, h2.events.StreamEnded):
                answer.is_whole = answer.is_closed = True
            elif isinstance(event, h2.events.StreamReset):
                answer.is_closed = True
                answer.error = event.error_code
        self._flush()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data:
            self.socket.sendall(data)

    def close(self) -> None:
        self.socket.close()


class _Answer:
    def __init__(self):
        self.status = 0
        self.fields = []
        self.body = bytearray()
        self.is_whole = False
        self.is_closed = False
        self.error = None


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS = 1, 4


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def field(name: bytes, value: bytes) -> bytes:
    """A literal of HPACK that is not indexed; both below 127 bytes."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def head(method: bytes, path: bytes) -> bytes:
    return field(b":method", method) + field(b":scheme", b"http") + field(b":path", path) + field(b":authority", b"h")
