"""Real clients that log in, over TLS: docker, podman, buildah, skopeo and ctr against passwords, Berth's own tokens, those of a
foreign token service, and client certificates."""

import shutil

import pytest

from harness import content
from harness.access import basic, password_of, write_htpasswd
from harness.authority import Authority
from harness.clients import Containerd, Containers, Docker, need, run
from harness.http import Http
from harness.repository import Repository
from harness.server import berth_server
from harness.tokens import ISSUER, SERVICE, Signer, TokenServer, claims
from harness.waiting import wait_for

USERS = ("alice", "carol", "root")
RULES = [
    {"allow": "pull", "who": "anonymous", "repositories": "public/**"},
    {"allow": ["pull", "push"], "who": "user:alice", "repositories": "team/**"},
    {"allow": ["pull", "push", "delete", "catalog"], "who": "user:root"},
]
REFUSALS = ("unauthorized", "denied", "authentication required", "no basic auth credentials", "401", "403", "insufficient_scope", "forbidden",
            "invalid username/password",
            # What Docker's engine ends with on an address that it takes for insecure: it goes on without TLS.
            "this is an https server")


class WithHeaders:
    """A client that sends the same fields with every request."""

    def __init__(self, client, **headers):
        self._client, self._headers = client, headers

    def __getattr__(self, name):
        send = getattr(self._client, name)
        return lambda *arguments, **headers: send(*arguments, **self._headers, **headers)


class World:
    """A server and what clients need for it."""

    def __init__(self, server, authority, seed, anonymous_docker=True):
        self.server = server
        self.address = server.address
        self.authority = authority
        # Docker's engine does not pull without a login where a Basic challenge is made (decision 30).
        self.anonymous_docker = anonymous_docker
        self.image = Repository(seed, "public/base").push(content.image([content.layer({"hello": b"public"})]), "v1")

    def certificates(self, directory, client=None):
        """A directory as podman, skopeo and buildah read it."""
        directory.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.authority.certificate, directory / "ca.crt")
        if client:
            shutil.copy(client.certificate, directory / "client.cert")
            shutil.copy(client.key, directory / "client.key")
        return directory


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=["passwords", "own tokens", "foreign tokens", "foreign tokens and passwords"])
def world(request, authority, tmp_path_factory):
    directory = tmp_path_factory.mktemp("world")
    tls = authority.issue_server()
    passwords = {"realm": "Berth", "path": str(write_htpasswd(directory / "htpasswd", USERS))}
    # Every client tries a wrong password here, some of them several times.
    auth, tokens = {"htpasswd": passwords, "lockout": {"accountfailures": 0, "addressfailures": 0}}, None
    root = basic("root")
    if request.param == "own tokens":
        auth["local"] = {}
    if request.param.startswith("foreign"):
        tokens = TokenServer(Signer(directory / "signer"), tls)
        auth["token"] = {"realm": tokens.realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(tokens.signer.certificate)}
        if request.param == "foreign tokens":
            del auth["htpasswd"]
            names = [{"type": "repository", "name": "public/base", "actions": ["pull", "push"]}]
            root = "Bearer " + tokens.signer.sign(claims(names, "root"))
    try:
        with berth_server({"auth": auth, "access": RULES}, directory=directory / "server", tls=tls) as server:
            yield World(server, authority, WithHeaders(server.client, authorization=root),
                        anonymous_docker="Basic" not in str(server.client.get("/v2/").all("WWW-Authenticate")))
    finally:
        if tokens:
            tokens.close()


# The clients: each pulls, pushes what it pulled under another name, logs in and out. What fails returns what was said.

class SkopeoClient:
    name = "skopeo"
    can_log_in = True

    def __init__(self, directory):
        need("skopeo")
        self.directory = directory
        self.authfile = directory / "auth.json"

    def _run(self, world, *arguments, **options):
        return run("skopeo", "--insecure-policy", *arguments, check=False, **options)

    def login(self, world, user, password):
        return self._run(world, "login", "--authfile", self.authfile, "--cert-dir", self._certs(world), "-u", user, "--password-stdin",
                         world.address, text_input=password)

    def logout(self, world):
        return self._run(world, "logout", "--authfile", self.authfile, world.address)

    def pull(self, world, name):
        shutil.rmtree(self.directory / "image", ignore_errors=True)
        return self._run(world, "copy", *self._source(world), f"docker://{world.address}/{name}", f"dir:{self.directory}/image")

    def push(self, world, name):
        return self._run(world, "copy", "--dest-cert-dir", self._certs(world), *self._auth(), f"dir:{self.directory}/image",
                         f"docker://{world.address}/{name}")

    def _source(self, world):
        return ["--src-cert-dir", self._certs(world), *self._auth()]

    def _auth(self):
        return ["--authfile", self.authfile] if self.authfile.exists() else []

    def _certs(self, world):
        return world.certificates(self.directory / "certs", getattr(self, "certificate", None))

    def close(self):
        pass


class ContainersClient:
    """podman, or buildah, which speak alike."""

    can_log_in = True

    def __init__(self, directory, name):
        self.name = name
        self.tools = Containers(directory)
        self.directory = directory
        self.authfile = directory / "auth.json"

    def _run(self, *arguments, **options):
        return run(self.name, *arguments, env=self.tools.env, check=False, **options)

    def login(self, world, user, password):
        return self._run("login", "--authfile", self.authfile, "--cert-dir", self._certs(world), "-u", user, "--password-stdin",
                         world.address, text_input=password)

    def logout(self, world):
        return self._run("logout", "--authfile", self.authfile, world.address)

    def pull(self, world, name):
        self._run("rmi", "--force", f"{world.address}/{name}")
        self.pulled = f"{world.address}/{name}"
        # buildah asks a policy that is not there on every machine.
        policy = ["--signature-policy", self.tools.policy]
        return self._run("pull", *policy, *self._options(world), self.pulled)

    def push(self, world, name):
        self._run("tag", self.pulled, f"{world.address}/{name}")
        return self._run("push", "--signature-policy", self.tools.policy, *self._options(world), f"{world.address}/{name}")

    def _options(self, world):
        return ["--cert-dir", self._certs(world), *(["--authfile", self.authfile] if self.authfile.exists() else [])]

    def _certs(self, world):
        return world.certificates(self.directory / "certs", getattr(self, "certificate", None))

    def close(self):
        self.tools.close()


class DockerClient:
    """Its engine takes 127.0.0.1 for insecure: TLS is spoken, and the certificate believed."""

    name = "docker"
    can_log_in = True

    def __init__(self, directory):
        self.engine = Docker(directory)

    def _run(self, *arguments, **options):
        return run("docker", *arguments, env=self.engine.env, check=False, **options)

    def login(self, world, user, password):
        return self._run("login", "-u", user, "--password-stdin", world.address, text_input=password)

    def logout(self, world):
        return self._run("logout", world.address)

    def pull(self, world, name):
        self._run("rmi", "--force", f"{world.address}/{name}")
        self.pulled = f"{world.address}/{name}"
        return self._run("pull", self.pulled)

    def push(self, world, name):
        works(self._run("tag", self.pulled, f"{world.address}/{name}"))
        return self._run("push", f"{world.address}/{name}")

    def close(self):
        self.engine.close()


class CtrClient:
    """No login: credentials come with each command. Without a hosts.toml it speaks plain HTTP to 127.0.0.1."""

    name = "ctr"
    can_log_in = False

    def __init__(self, directory):
        self.daemon = Containerd(directory)
        self.directory = directory
        self.credentials = []

    def _run(self, *arguments, **options):
        return run("ctr", "-a", self.daemon.socket, "-n", "berth", *arguments, check=False, **options)

    def login(self, world, user, password):
        self.credentials = ["--user", f"{user}:{password}"]

    def logout(self, world):
        self.credentials = []

    def pull(self, world, name):
        self._run("images", "rm", f"{world.address}/{name}")
        self.pulled = f"{world.address}/{name}"
        return self._run("images", "pull", *self._options(world), self.pulled)

    def push(self, world, name):
        self._run("images", "tag", "--force", self.pulled, f"{world.address}/{name}")
        return self._run("images", "push", *self._options(world), f"{world.address}/{name}")

    def _options(self, world):
        certificate = getattr(self, "certificate", None)
        shown = f'client = [["{certificate.certificate}", "{certificate.key}"]]\n' if certificate else ""
        hosts = self.directory / "hosts" / world.address
        hosts.mkdir(parents=True, exist_ok=True)
        (hosts / "hosts.toml").write_text(
            f'server = "{world.server.url}"\n[host."{world.server.url}"]\ncapabilities = ["pull", "resolve", "push"]\n'
            f'ca = "{world.authority.certificate}"\n{shown}')
        return ["--hosts-dir", self.directory / "hosts", *self.credentials]

    def close(self):
        self.daemon.close()


MAKERS = {
    "docker": DockerClient,
    "podman": lambda directory: ContainersClient(directory, "podman"),
    "buildah": lambda directory: ContainersClient(directory, "buildah"),
    "skopeo": SkopeoClient,
    "ctr": CtrClient,
}


@pytest.fixture(scope="module", params=list(MAKERS))
def client(request, tmp_path_factory):
    made = MAKERS[request.param](tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


def works(result):
    assert result.returncode == 0, f"{result.args}: exit {result.returncode}\n{result.stdout}\n{result.stderr}"


def is_refused(result):
    said = (result.stdout + result.stderr).lower()
    assert result.returncode != 0 and any(word in said for word in REFUSALS), f"{result.args}: exit {result.returncode}\n{said}"


def test_a_clients_day(world, client):
    """Pulls what is public, is kept from what is not, logs in, pushes, pulls, and is kept out again after the logout."""
    mine = f"team/{client.name}:v1"
    anonymous = client.pull(world, "public/base:v1")
    if client.name == "docker" and not world.anonymous_docker:
        assert anonymous.returncode != 0
        works(client.login(world, "alice", password_of("alice")))
        works(client.pull(world, "public/base:v1"))
    else:
        works(anonymous)
        is_refused(client.push(world, mine))
    if client.can_log_in:
        is_refused(client.login(world, "alice", "wrong"))
        works(client.login(world, "alice", password_of("alice")))
    else:
        client.login(world, "alice", "wrong")
        is_refused(client.push(world, mine))
        client.login(world, "alice", password_of("alice"))
    works(client.push(world, mine))
    works(client.pull(world, mine))
    is_refused(client.push(world, f"other/{client.name}:v1"))
    client.login(world, "carol", password_of("carol"))
    is_refused(client.push(world, mine))
    is_refused(client.pull(world, mine))
    client.logout(world)
    is_refused(client.pull(world, mine))


# Client certificates

@pytest.fixture(scope="module")
def certified(authority, tmp_path_factory):
    """clientauth lets clients in without a certificate, too: they are nobody then."""
    tls = authority.issue_server("certified")
    config = {
        "auth": {"certificate": {}},
        "access": RULES,
        "http": {"tls": {"clientcas": [str(authority.certificate)], "clientauth": "verify-client-cert-if-given"}},
    }
    with berth_server(config, directory=tmp_path_factory.mktemp("certified"), tls=tls) as server:
        root = Http("127.0.0.1", server.port, tls=tls.client_context(authority.issue("root")))
        yield World(server, authority, root)
        root.close()


@pytest.mark.parametrize("name", ["podman", "buildah", "skopeo", "ctr"])
def test_a_certificate_instead_of_a_login(certified, authority, tmp_path_factory, name):
    client = MAKERS[name](tmp_path_factory.mktemp(name))
    try:
        works(client.pull(certified, "public/base:v1"))
        is_refused(client.push(certified, f"team/{name}:v1"))
        client.certificate = authority.issue("alice")
        works(client.push(certified, f"team/{name}:v1"))
        works(client.pull(certified, f"team/{name}:v1"))
        client.certificate = authority.issue("carol")
        is_refused(client.pull(certified, f"team/{name}:v1"))
    finally:
        client.close()


@pytest.mark.parametrize("which,subject,alternative", [
    ("commonname", "/O=Example/CN=alice", "DNS:bob"),
    ("dns", "/CN=bob", "DNS:alice,DNS:carol"),
    ("email", "/CN=bob", "email:alice@example.com"),
    ("uri", "/CN=bob", "URI:spiffe://example.com/alice"),
])
def test_which_name_of_a_certificate_is_the_users(authority, tmp_path, which, subject, alternative):
    names = {"email": "alice@example.com", "uri": "spiffe://example.com/alice"}
    user = names.get(which, "alice")
    tls = authority.issue_server("named")
    config = {
        "auth": {"certificate": {"user": which}},
        "access": [{"allow": "pull", "who": f"user:{user}"}],
        "http": {"tls": {"clientcas": [str(authority.certificate)]}},
    }
    with berth_server(config, directory=tmp_path / "server", tls=tls) as server:
        for shown, status in ((authority.issue("shown", subject=subject, alternative=alternative), 404), (authority.issue("plain"), 403)):
            connection = Http("127.0.0.1", server.port, tls=tls.client_context(shown))
            for _ in range(2):
                connection.get("/v2/team/app/manifests/v1").expect(status if status == 404 or which == "commonname" else 401)
            connection.close()
        wait_for("a line in the access log", lambda: f"127.0.0.1 - {user} [" in server.log, 10)
