"""What the Berth under measurement can do: rows that need more are left out with a line, not failed."""

import json
import pathlib
import socket
import ssl
import subprocess
import tempfile

# Bytes of Berth's cache of ready answers; 0 turns it off.
ANSWER_CACHE = "cache.answers.size"
H2C = "http.h2c.enabled"
TOKEN_SERVICE = "auth.local.service"


def set_value(tree, path, value):
    """tree["a"]["b"] = value for the path "a.b"."""
    *sections, name = path.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
    tree[name] = value


def knows_setting(program, path, value):
    """Whether `berth config check --strict` takes it: unknown keys and what is not built yet are errors there."""
    configuration = {"version": "0.1", "storage": {"filesystem": {"rootdirectory": "/nonexistent"}}}
    set_value(configuration, path, value)
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "config.yml"
        file.write_text(json.dumps(configuration))
        return subprocess.run([program, "config", "check", "--strict", file], capture_output=True, check=False).returncode == 0


class Features:
    def __init__(self, program):
        self.has_answer_cache = knows_setting(program, ANSWER_CACHE, 1_000_000)
        self.has_h2c = knows_setting(program, H2C, True)
        self.has_access_control = knows_setting(program, TOKEN_SERVICE, "berth")

    def answer_cache(self, size_bytes):
        """Settings for a cache of this size; none if there is no such cache."""
        return {ANSWER_CACHE: size_bytes} if self.has_answer_cache else {}


def speaks_h2(address):
    """Whether a TLS listener agrees to HTTP/2 (ALPN)."""
    host, port = address.split(":")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection((host, int(port)), timeout=5) as plain, context.wrap_socket(plain) as encrypted:
        return encrypted.selected_alpn_protocol() == "h2"
