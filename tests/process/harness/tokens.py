"""A token service that is not Berth's: openssl makes the keys and signatures, Python's library the rest."""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import ssl
import subprocess
import threading
import time
from typing import Mapping, Optional
from urllib.parse import parse_qsl, urlsplit

from .access import password_of
from .clients import run

ISSUER = "tests-issuer"
SERVICE = "tests-registry"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encoded(document: Mapping) -> str:
    return base64url(json.dumps(document).encode())


def claims(access: list, subject: str = "alice", **changes: object) -> dict:
    """What a good token says; a change of None leaves a claim out."""
    now = int(time.time())
    result = {"iss": ISSUER, "aud": SERVICE, "sub": subject, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1", "access": access}
    result.update(changes)
    return {name: value for name, value in result.items() if value is not None}


def pull(*names: str) -> list:
    return [{"type": "repository", "name": name, "actions": ["pull"]} for name in names]


class Signer:
    """An RSA key with a certificate of its own."""

    def __init__(self, directory: pathlib.Path, name: str = "signer"):
        directory.mkdir(parents=True, exist_ok=True)
        self.key = directory / f"{name}.key"
        self.certificate = directory / f"{name}.crt"
        self.public_key = directory / f"{name}.pub"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", 30, "-subj", f"/CN={name}",
            "-keyout", self.key, "-out", self.certificate)
        run("openssl", "rsa", "-in", self.key, "-pubout", "-out", self.public_key)

    def chain(self) -> list:
        """The value of x5c."""
        return ["".join(line for line in self.certificate.read_text().splitlines() if "-----" not in line)]

    def jwk(self, key_id: str) -> dict:
        modulus = run("openssl", "rsa", "-in", self.key, "-noout", "-modulus").stdout.strip().partition("=")[2]
        return {"kty": "RSA", "kid": key_id, "use": "sig", "n": base64url(bytes.fromhex(modulus)), "e": "AQAB"}

    def sign(self, payload: Mapping, header: Optional[Mapping] = None) -> str:
        """RS256; with x5c unless the header says otherwise."""
        text = encoded(header or {"alg": "RS256", "typ": "JWT", "x5c": self.chain()}) + "." + encoded(payload)
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self.key)], input=text.encode(), check=True, capture_output=True)
        return text + "." + base64url(made.stdout)

    def sign_with_public_key(self, payload: Mapping) -> str:
        """HS256, with what everybody knows as the secret."""
        text = encoded({"alg": "HS256", "typ": "JWT"}) + "." + encoded(payload)
        return text + "." + base64url(hmac.new(self.public_key.read_bytes(), text.encode(), hashlib.sha256).digest())


class TokenServer:
    """Docker's token API over HTTPS on 127.0.0.1: GET, and POST as OAuth2. Grants a user with the right password what he asks
    for below team/, and everybody pulls below public/."""

    def __init__(self, signer: Signer, tls):
        self.signer = signer
        self.requests = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                fields = parse_qsl(urlsplit(self.path).query)
                self._answer(fields, _user_of(self.headers.get("Authorization")))

            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                fields = parse_qsl(body)
                named = dict(fields)
                self._answer(fields, _checked(named.get("username"), named.get("password")))

            def _answer(self, fields, user):
                service.requests.append((self.command, fields, user))
                if user is False or ("service", SERVICE) not in fields:
                    self._send(401, {"errors": [{"code": "UNAUTHORIZED", "message": "no", "detail": None}]})
                    return
                scopes = [part for name, value in fields if name == "scope" for part in value.split()]
                token = service.token(user, scopes)
                self._send(200, {"token": token, "access_token": token, "expires_in": 300})

            def _send(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(tls.certificate), str(tls.key))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def realm(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}/token"

    def token(self, user: Optional[str], scopes: list) -> str:
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":", 1)[0], scope.split(":", 1)[1].rpartition(":")[0], scope.rpartition(":")[2].split(",")
            allowed = actions if user and name.startswith("team/") else [a for a in actions if a == "pull" and name.startswith("public/")]
            if allowed:
                access.append({"type": kind, "name": name, "actions": allowed})
        return self.signer.sign(claims(access, user or ""))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _user_of(field: Optional[str]):
    """The user's name; None for nobody, False for wrong credentials."""
    if not field:
        return None
    user, _, password = base64.b64decode(field.partition(" ")[2]).decode().partition(":")
    return _checked(user, password)


def _checked(user: Optional[str], password: Optional[str]):
    if not user and not password:
        return None
    return user if password == password_of(user) else False
