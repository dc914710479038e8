"""Users, robots and tokens through the program's own commands, as an administrator types them."""

import base64
import json
import subprocess
from typing import Mapping, Optional

from .http import Answer, Body, Http
from .server import Server

CHEAP = {"auth": {"accounts": {"cost": 1}}}
"""Accounts alone, with passwords that cost next to nothing to compute."""


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Administrator:
    """`berth user ...` and its like on one server's configuration, whether it runs or not."""

    def __init__(self, server: Server):
        self.server = server
        if not server.config_path.exists():
            server.config_path.write_text(json.dumps(server.configuration(), indent=1) + "\n")

    def try_to(self, *arguments: object, text_input: Optional[str] = None) -> subprocess.CompletedProcess:
        command = [self.server.executable, *map(str, arguments), "--config", str(self.server.config_path)]
        return subprocess.run(command, text=True, input=text_input or "", timeout=60, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __call__(self, *arguments: object, text_input: Optional[str] = None) -> str:
        result = self.try_to(*arguments, text_input=text_input)
        assert result.returncode == 0, f"berth {' '.join(map(str, arguments))}: exit {result.returncode}\n{result.stdout}{result.stderr}"
        return result.stdout

    def ask(self, *arguments: object, text_input: Optional[str] = None):
        """The command's JSON."""
        return json.loads(self(*arguments, "--json", text_input=text_input))

    def refused(self, *arguments: object, text_input: Optional[str] = None) -> str:
        """The one line of a command that must not succeed."""
        result = self.try_to(*arguments, text_input=text_input)
        assert result.returncode == 1, f"exit {result.returncode}\n{result.stdout}{result.stderr}"
        lines = result.stderr.splitlines()
        assert len(lines) == 1, result.stderr
        return lines[0]

    def add_user(self, name: str, password: str) -> None:
        self("user", "add", name, "--password-stdin", text_input=password + "\n")

    def create_robot(self, name: str, *can: str, expires: str = "90d") -> str:
        """Its secret."""
        rights = [word for right in can for word in ("--can", right)]
        return self.ask("robot", "create", name, "--expires", expires, *rights)["secret"]

    def create_token(self, user: str, *can: str) -> dict:
        rights = [word for right in can for word in ("--can", right)]
        return self.ask("token", "create", user, *rights)


class Login(Http):
    """A client that sends the same Authorization field, and whatever else is given, with every request."""

    def __init__(self, server: Server, authorization: Optional[str], headers: Mapping[str, object]):
        super().__init__("127.0.0.1", server.port, tls=server.tls.client_context() if server.tls else None)
        self.headers = {**headers, **({"Authorization": authorization} if authorization else {})}

    def request(self, method: str, target: str, body: Body = None, headers: Optional[Mapping[str, object]] = None) -> Answer:
        return super().request(method, target, body, {**self.headers, **(headers or {})})

    def admin(self, method: str, target: str, document: object = None) -> Answer:
        """One question to the admin API."""
        body = None if document is None else json.dumps(document).encode()
        return self.request(method, "/api/v1" + target, body, {"Content-Type": "application/json"})


def login(server: Server, user: Optional[str] = None, password: str = "", *, bearer: Optional[str] = None,
          headers: Optional[Mapping[str, object]] = None) -> Login:
    """By name and password, by a token, or nobody."""
    authorization = f"Bearer {bearer}" if bearer else basic(user, password) if user is not None else None
    return Login(server, authorization, headers or {})
