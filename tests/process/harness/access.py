"""Users, passwords and tokens for tests of access control."""

import base64
import pathlib
import re
from typing import Iterable, Mapping, Optional
from urllib.parse import unquote, urlencode

from .clients import need, run
from .http import Http


def password_of(user: str) -> str:
    """The password that a test's user has, and nobody else: with a colon, which only a name must not have."""
    return f"{user}:pass word"


def write_htpasswd(path: pathlib.Path, users: Iterable[str], cost: int = 4) -> pathlib.Path:
    """A file as `htpasswd -Bbn` writes it; cheap, since nobody is kept out by it."""
    need("htpasswd")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(run("htpasswd", "-nbB", "-C", cost, user, password_of(user)).stdout.strip() + "\n" for user in users))
    return path


def basic(user: str, password: Optional[str] = None) -> str:
    """The value of an Authorization field."""
    pair = f"{user}:{password_of(user) if password is None else password}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def fetch_token(client: Http, user: Optional[str], scopes: Iterable[str], service: str = "berth") -> str:
    """A token of Berth's own service; without a user an anonymous one."""
    query = urlencode([("service", service), *(("scope", scope) for scope in scopes)])
    headers = {"Authorization": basic(user)} if user else {}
    return client.request("GET", f"/token?{query}", headers=headers).expect(200).json["token"]


def as_user(user: str) -> Mapping[str, str]:
    return {"authorization": basic(user)}


class LoggedInHttp(Http):
    """A client that is logged in: sends its password, or a token for what it asks for, with every request that has no
    Authorization of its own. Bare sockets are nobody's."""

    def __init__(self, host: str, port: int, user: str, by_token: bool, **options):
        super().__init__(host, port, **options)
        self._user = user
        self._tokens = {} if by_token else None

    def request(self, method, target, body=None, headers=None):
        given = dict(headers or {})
        if not any(name.lower() == "authorization" for name in given):
            given["Authorization"] = basic(self._user) if self._tokens is None else f"Bearer {self._token_for(target)}"
        return super().request(method, target, body, given)

    def _token_for(self, target: str) -> str:
        names = [*re.findall(r"/v2/(.+?)/(?:blobs|manifests|tags|referrers)/", target), *re.findall(r"[?&]from=([^&]+)", target)]
        scopes = tuple(f"repository:{unquote(name)}:pull,push,delete" for name in names) or ("registry:catalog:*",)
        if scopes not in self._tokens:
            query = urlencode([("service", "berth"), *(("scope", scope) for scope in scopes)])
            answer = super().request("GET", f"/token?{query}", headers={"Authorization": basic(self._user)})
            self._tokens[scopes] = answer.expect(200).json["token"]
        return self._tokens[scopes]
