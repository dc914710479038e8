"""Who may do what: every row of access_table.py over HTTP, and that what is refused says nothing of what is there."""

import json
import pathlib
import re
from dataclasses import dataclass

import pytest

from access_table import ROWS, RULES, TAGS, USERS
from harness import content
from harness.access import as_user, basic, fetch_token, password_of, write_htpasswd
from harness.repository import Repository
from harness.server import berth_server, merged

ROUTES = pathlib.Path(__file__).resolve().parents[2] / "src" / "api" / "routes.cpp"
SERVICE = "berth"
FORGED = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJiZXJ0aCJ9."


@dataclass(frozen=True)
class Row:
    line: str
    who: str
    method: str
    target: str
    status: int
    says: str

    def __str__(self) -> str:
        return f"{self.who} {self.method} {self.target}"


def parse(line: str) -> Row:
    found = re.fullmatch(r"(\w+!?(?:\[.*?\])?)\s+([A-Z]+)\s+(/\S*)\s+(\d{3})(?:\s+(\S.*))?", line.strip())
    assert found, f"not a row: {line}"
    who, method, target, status, says = found.groups()
    return Row(line, who, method, target, int(status), says or "")


ALL = [parse(line) for line in ROWS.splitlines() if line.strip() and not line.startswith("#")]


class World:
    """A server with the rules, its users, and something in each repository."""

    def __init__(self, server):
        self.server = server
        self.client = server.client
        self.secret = content.layer({"secret": b"of secret/app only"})
        self.image = content.image([content.layer({"hello": b"everywhere"})])
        for name, tags in TAGS.items():
            self.repository(name).push(self.image, *tags)
        self.repository("secret/app").push_blob(self.secret.data)
        self.account_count = 0
        self.administer("users", {"name": "alice", "no_password": True})  # beside her line in the file, for tokens of her own
        self.names = {"digest": self.image.digest, "layer": self.image.blobs[1].digest, "secret": self.secret.digest,
                      "abc": content.digest_of(b"abc")}

    def repository(self, name):
        return Repository(AsUser(self.client, "root"), name)

    def authorization(self, who):
        name, _, scopes = who.rstrip("]").partition("[")
        if "[" in who:
            return "Bearer " + fetch_token(self.client, None if name == "nobody" else name, scopes.split())
        if name == "nobody":
            return None
        if name == "forged":
            return f"Bearer {FORGED}"
        return basic(name[:-1], "wrong") if name.endswith("!") else basic(name)

    def fill_in(self, text):
        for name, value in self.names.items():
            text = text.replace("{" + name + "}", value)
        if text.startswith("/api/"):
            return self.fill_in_accounts(text)
        found = re.match(r"/v2/([a-z0-9/]+?)/(?:blobs|manifests|tags|referrers)/", text)
        if found is None:
            return text
        repository = self.repository(found.group(1))
        if "{fresh}" in text:
            text = text.replace("{fresh}", repository.push(content.image()).digest)
        if "{blob}" in text:
            text = text.replace("{blob}", repository.push_blob(content.random_bytes(100)))
        if "{upload}" in text:
            text = text.replace("{upload}", repository.start_upload()["Docker-Upload-UUID"])
        return text

    def fill_in_accounts(self, text):
        """One of each that the target names, made for it."""
        self.account_count += 1
        name = f"row{self.account_count}"
        for placeholder, (target, document, key) in {
                "{user}": ("users", {"name": name, "no_password": True}, "name"),
                "{group}": ("groups", {"name": name}, "name"),
                "{robot}": ("robots", {"name": name, "can": ["pull:team/**"]}, "name"),
                "{rule}": ("rules", {"rule": f"allow pull to user:{name}"}, "id"),
                "{token}": ("users/alice/tokens", {}, "id")}.items():
            if placeholder in text:
                text = text.replace(placeholder, self.administer(target, document)[key])
        return text

    def administer(self, target, document):
        return self.client.request("POST", f"/api/v1/{target}", json.dumps(document).encode(),
                                   {"Authorization": basic("root"), "Content-Type": "application/json"}).expect(201).json

    def ask(self, row):
        target, _, body = row.target.partition("#")
        headers = {}
        authorization = self.authorization(row.who)
        if authorization:
            headers["Authorization"] = authorization
        data = body.encode() if body else None
        if row.method == "PUT" and "/manifests/" in target:
            data, headers["Content-Type"] = self.image.data, self.image.media_type
        if target.startswith("/api/") and data:
            headers["Content-Type"] = "application/json"
        if target == "/token" and data:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.client.request(row.method, self.fill_in(target), data, headers)


class AsUser:
    """The client with a user's credentials on every request."""

    def __init__(self, client, user):
        self._client, self._headers = client, as_user(user)

    def __getattr__(self, name):
        send = getattr(self._client, name)
        return lambda *arguments, **headers: send(*arguments, **self._headers, **headers)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("access")
    users = write_htpasswd(directory / "htpasswd", USERS)
    rules = merged(RULES, {"auth": {"htpasswd": {"realm": "Berth", "path": str(users)}}})
    with berth_server(rules, directory=directory / "server") as server:
        yield World(server)


def expect_challenge(world, answer, scope, error):
    """The token service, and no Basic line beside it (decision 30)."""
    assert answer.status == 401 and answer.error_code in ("UNAUTHORIZED", None)
    value = f'Bearer realm="{world.server.url}/token",service="{SERVICE}"'
    if scope:
        value += f',scope="{scope}"'
    if error:
        value += f',error="{error}"'
    assert answer.all("WWW-Authenticate") == [value], answer


ERRORS = {"ask": "", "wider": "insufficient_scope", "invalid": "invalid_token"}


def check_says(world, row, answer):
    word, _, rest = row.says.partition(" ")
    if word in ERRORS:
        expect_challenge(world, answer, rest.strip(), ERRORS[word])
    elif word == "basic":
        assert answer.all("WWW-Authenticate") == ['Basic realm="Berth"'], answer
    elif word == "names":
        listed = answer.json.get("repositories", answer.json.get("tags"))
        # The pushes of other rows may have made more below team/; names of tags are looked at as they are.
        shown = [name for name in listed if "repositories" not in answer.json or name in TAGS]
        assert shown == [name for name in rest.split(",") if name], answer
    elif word.endswith(":"):
        assert answer[word[:-1]] == world.fill_in(rest.strip()), answer
    elif word and row.method != "HEAD":
        assert answer.error_code == word, answer


@pytest.mark.parametrize("row", ALL, ids=str)
def test_row(world, row):
    answer = world.ask(row).expect(row.status)
    if row.method == "HEAD" or row.status == 204:
        assert answer.body == b""
    check_says(world, row, answer)
    if answer.status != 401:
        assert "WWW-Authenticate" not in answer


def declared_routes():
    """(pattern, method) of every entry in the table of routes.cpp, in order."""
    source = ROUTES.read_text()
    methods = {name: re.findall(r"(?:MethodRoute\{|for_admin\(|for_user\()Method::(\w+)", body)
               for name, body in re.findall(r"constexpr std::array (k\w+)\{(.*?)\};", source, re.S)}
    routes = re.findall(r'^\s+Route\{"([^"]+)",\s*"\w+",\s*(k\w+)', source, re.M)
    assert routes and all(methods.get(table) for _, table in routes), "routes.cpp is not as this test reads it"
    assert len(routes) == len(re.findall(r"\bRoute\{", source))
    spelled = {"del": "DELETE"}
    return [(pattern, spelled.get(method, method.upper())) for pattern, table in routes for method in methods[table]]


def pattern_of(row, patterns):
    path = row.target.split("?")[0].split("#")[0]
    for pattern in patterns:
        expression = re.escape(pattern).replace(r"\{name\}", r"[^{}]+").replace("_", "_")
        expression = re.sub(r"\\\{\w+\\\}", r"[^/]+", expression)
        if re.fullmatch(expression, path):
            return pattern
    return None


FOR_EVERYBODY_KNOWN = ("/api/v1/whoami", "/api/v1/openapi.json")


# What reads and writes files of the machine, and what came of it: through the control socket only.
FOR_OPERATORS = {("POST", "/api/v1/backups"), ("GET", "/api/v1/backups/{run}"), ("POST", "/api/v1/imports"),
                 ("POST", "/api/v1/layouts"), ("GET", "/api/v1/transfers/{run}")}


def test_every_route_has_rows():
    """Each, also as nobody; and each that anybody can be refused at, with a refusal of somebody who is known."""
    routes = declared_routes()
    patterns = list(dict.fromkeys(pattern for pattern, _ in routes))
    seen = [(pattern_of(row, patterns), row) for row in ALL]
    for pattern, method in routes:
        rows = [row for found, row in seen if found == pattern and row.method == method]
        assert rows, f"no row for {method} {pattern}"
        assert any(row.who == "nobody" for row in rows), f"no row for {method} {pattern} without credentials"
        is_guarded = "{name}" in pattern or (pattern.startswith("/api/") and pattern not in FOR_EVERYBODY_KNOWN)
        if is_guarded:
            assert any(row.status == 401 and row.who == "nobody" for row in rows), f"nobody is refused by {method} {pattern}"
        if is_guarded and method != "HEAD":
            known = [row for row in rows if row.who[0] != "n" and row.who[-1] != "!" and row.who != "forged"]
            assert any(row.status in (401, 403) for row in known), f"no known caller is refused by {method} {pattern}"
            if (method, pattern) not in FOR_OPERATORS:
                assert any(row.status < 300 for row in known), f"no known caller is let in by {method} {pattern}"


def test_the_table_is_long_enough():
    assert len(ALL) >= 150
    assert len({str(row) for row in ALL}) == len(ALL), "a row stands twice"


def shape_of(answer, name):
    """An answer without what belongs to one request, and with the repository's name taken out."""
    # Connection says whether the request's body had come in full when it was refused.
    own = {"date", "x-request-id", "connection"}
    headers = sorted((key.lower(), value.replace(name, "NAME")) for key, value in answer.headers if key.lower() not in own)
    return answer.status, headers, answer.body.decode().replace(name, "NAME")


NAMED = [(pattern, method) for pattern, method in declared_routes() if "{name}" in pattern]


@pytest.mark.parametrize("who", ["nobody", "alice!", "mallory", "forged", "alice", "carol", "alice[repository:team/app:pull,push,delete]",
                                 "nobody[repository:public/app:pull]"])
@pytest.mark.parametrize("pattern,method", NAMED)
def test_a_refusal_is_the_same_whether_the_name_is_there(world, who, pattern, method):
    shapes = []
    authorization = world.authorization(who)  # the same for both
    for name in ("secret/app", "secret/nix", "secret/abc"):
        path = pattern.replace("{name}", name)
        for parameter, value in (("{reference}", "v1"), ("{digest}", world.image.digest), ("{id}", "3f1c9e1e-0b7a-4d55-9a55-6f1f2a4b7c11")):
            path = path.replace(parameter, value)
        headers = {"Authorization": authorization} if authorization else {}
        body = world.image.data if method == "PUT" else None
        answer = world.client.request(method, path, body, headers).expect(401, 403)
        shapes.append(shape_of(answer, name))
    assert shapes[0] == shapes[1] == shapes[2]


def test_a_prefix_does_not_open_anything(tmp_path):
    """http.prefix moves the registry and its token service; where clients are sent follows."""
    users = write_htpasswd(tmp_path / "htpasswd", ["alice"])
    config = merged(RULES, {"auth": {"htpasswd": {"realm": "Berth", "path": str(users)}}, "http": {"prefix": "/registry/"}})
    with berth_server(config, directory=tmp_path / "server") as server:
        answer = server.client.get("/registry/v2/secret/app/tags/list").expect(401)
        assert answer["WWW-Authenticate"].startswith(f'Bearer realm="{server.url}/registry/token"')
        server.client.get("/v2/secret/app/tags/list").expect(404)
        server.client.get("/registry/token?service=berth", authorization=basic("alice", password_of("alice"))).expect(200)
