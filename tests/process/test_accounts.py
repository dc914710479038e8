"""Users, groups, robots, access tokens and rules of the registry's own database: through the commands, with a server running or
not, and over the admin API."""

import base64
import json
import pathlib
import sqlite3
from urllib.parse import urlencode

import pytest

from harness import content
from harness.accounts import CHEAP, Administrator, login
from harness.clients import Docker, Skopeo, need, run
from harness.repository import Repository
from harness.server import Server, berth_server, merged
from harness.waiting import wait_for

RULES = {"access": [{"allow": "admin", "who": "user:root"}, {"allow": ["pull", "push", "delete"], "who": "user:root"},
                    {"allow": "pull", "who": "anonymous", "repositories": "public/**"}]}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Accounts and a few rules; `root` may do everything."""
    config = merged(CHEAP, {**RULES, "storage": {"delete": {"enabled": True}}})
    with berth_server(config, directory=tmp_path_factory.mktemp("accounts")) as running:
        Administrator(running).add_user("root", "root's password")
        yield running


@pytest.fixture(scope="module")
def admin(server):
    return Administrator(server)


def push(server, name, *tags):
    """An image that `root` has pushed."""
    return Repository(login(server, "root", "root's password"), name).push(content.image([content.layer(size=2000)]), *tags)


def test_a_user_from_add_to_remove(server, admin):
    assert login(server).get("/v2/").expect(401)["WWW-Authenticate"] == 'Basic realm="Berth"'
    login(server, "alice", "alice's password").get("/v2/").expect(401)
    assert admin("user", "add", "alice", "--password-stdin", text_input="alice's password\n") == "user alice added\n"
    assert "alice" in admin.refused("user", "add", "alice", "--password-stdin", text_input="another password")
    alice = login(server, "alice", "alice's password")
    alice.get("/v2/").expect(200)
    login(server, "alice", "wrong").get("/v2/").expect(401)

    admin("user", "disable", "alice")  # what is remembered of her is forgotten at once
    alice.get("/v2/").expect(401)
    admin("user", "enable", "alice")
    alice.get("/v2/").expect(200)
    admin("user", "passwd", "alice", "--password-stdin", text_input="a new password")
    alice.get("/v2/").expect(401)
    login(server, "alice", "a new password").get("/v2/").expect(200)

    listed = {each["name"]: each for each in admin.ask("user", "list")}
    assert listed["alice"]["has_password"] and not listed["alice"]["disabled"] and listed["alice"]["last_login"]
    table = admin("user", "list").splitlines()
    assert table[0].split() == ["NAME", "DISABLED", "PASSWORD", "CREATED", "LAST", "LOGIN"]
    admin("user", "remove", "alice")
    login(server, "alice", "a new password").get("/v2/").expect(401)
    assert admin.refused("user", "remove", "alice")


def test_a_hash_made_elsewhere(server, admin):
    need("htpasswd", "openssl")
    sha512 = run("openssl", "passwd", "-6", "password of bob").stdout
    assert "hash" in admin.refused("user", "add", "bob", "--hash-stdin", text_input=sha512)
    bcrypt = run("htpasswd", "-nbB", "bob", "password of bob").stdout.strip().split(":")[1]
    admin("user", "add", "bob", "--hash-stdin", text_input=bcrypt)
    login(server, "bob", "password of bob").get("/v2/").expect(200)


def test_a_robot_does_what_it_can_and_no_more(server, admin, tmp_path):
    push(server, "team/app/web", "v1")
    push(server, "other/app", "v1")
    said = admin("robot", "create", "ci", "--expires", "90d", "--can", "pull:team/app/**")
    secret = next(line.split()[1] for line in said.splitlines() if line.startswith("secret"))
    assert secret.startswith("berth_robot_") and "robot$ci" in said
    for file in pathlib.Path(server.root / "berth").glob("metadata.db*"):
        assert secret.encode() not in file.read_bytes(), "only its hash is stored"
    assert secret not in json.dumps(admin.ask("robot", "list"))
    assert admin.ask("robot", "list")[0]["last_used"] is None

    skopeo = Skopeo(tmp_path)
    creds = f"--creds=robot$ci:{secret}"
    image = skopeo("inspect", "--tls-verify=false", creds, f"docker://{server.address}/team/app/web:v1")
    assert json.loads(image)["Name"] == f"{server.address}/team/app/web"
    for refused in (("inspect", creds, f"docker://{server.address}/other/app:v1"),
                    ("copy", "--dest-tls-verify=false", "--src-tls-verify=false", f"--src-creds=robot$ci:{secret}",
                     f"--dest-creds=robot$ci:{secret}", f"docker://{server.address}/team/app/web:v1",
                     f"docker://{server.address}/team/app/web:v2")):
        plain = [] if refused[0] == "copy" else ["--tls-verify=false"]
        result = run("skopeo", "--insecure-policy", refused[0], *plain, *refused[1:], check=False)
        assert result.returncode != 0 and "denied" in result.stderr.lower(), result.stderr
    login(server, bearer=secret).get("/v2/team/app/web/tags/list").expect(200)
    assert wait_for("the use", lambda: admin.ask("robot", "list")[0]["last_used"])

    rotated = admin.ask("robot", "rotate", "ci")["secret"]
    login(server, "robot$ci", secret).get("/v2/").expect(401)
    login(server, "robot$ci", rotated).get("/v2/team/app/web/tags/list").expect(200)
    admin("robot", "revoke", "ci")
    login(server, "robot$ci", rotated).get("/v2/").expect(401)
    assert "expires" in admin.refused("robot", "create", "late", "--can", "pull:**", "--expires", "2001-01-01T00:00:00Z")


def test_an_access_token_stands_for_its_user(server, admin):
    push(server, "public/base", "v1")
    push(server, "team/private", "v1")
    admin.add_user("carol", "carol's password")
    admin("access", "add", "allow", "pull,push", "to", "user:carol", "on", "team/**")
    whole, narrow = admin.create_token("carol"), admin.create_token("carol", "pull:team/**")
    assert whole["secret"].startswith("berth_pat_")
    for made in (whole, narrow):
        login(server, "carol", made["secret"]).get("/v2/team/private/tags/list").expect(200)
        login(server, bearer=made["secret"]).get("/v2/team/private/tags/list").expect(200)
        login(server, "root", made["secret"]).get("/v2/").expect(401)
    login(server, "carol", whole["secret"]).post("/v2/team/private/blobs/uploads/").expect(202)
    login(server, "carol", narrow["secret"]).post("/v2/team/private/blobs/uploads/").expect_error(403, "DENIED")

    # Her own, over HTTP, with her password alone.
    carol = login(server, "carol", "carol's password")
    own = carol.admin("POST", "/users/carol/tokens", {"note": "laptop", "expires": "30d"}).expect(201).json
    assert {each["id"] for each in admin.ask("token", "list", "carol")} == {whole["id"], narrow["id"], own["id"]}
    login(server, "carol", own["secret"]).admin("POST", "/users/carol/tokens", {}).expect_error(403, "DENIED")
    carol.admin("GET", "/users/root/tokens").expect_error(403, "DENIED")
    carol.admin("DELETE", f"/users/carol/tokens/{own['id']}").expect(204)
    login(server, bearer=own["secret"]).get("/v2/").expect(401)
    admin("token", "revoke", "carol", whole["id"])
    login(server, "carol", whole["secret"]).get("/v2/").expect(401)


def test_rules_are_in_force_at_once_and_explained(server, admin):
    push(server, "team/ruled", "v1")
    admin.add_user("dave", "dave's password")
    dave = login(server, "dave", "dave's password")
    dave.get("/v2/team/ruled/tags/list").expect_error(403, "DENIED")
    assert admin("access", "explain", "dave", "pull", "team/ruled").startswith("denied")
    admin("group", "add", "dev", "--note", "who builds the app")
    admin("group", "add-member", "dev", "dave")
    rule = admin.ask("access", "add", "allow", "pull,push", "to", "group:dev", "on", "team/**")
    dave.get("/v2/team/ruled/tags/list").expect(200)
    said = admin("access", "explain", "dave", "push", "team/ruled:v1")
    assert said.startswith("allowed") and "allow pull,push to group:dev on team/**" in said
    deny = admin.ask("access", "add", "deny", "push", "to", "authenticated", "on", "team/**", "tags", "v*", "--note", "releases stay")
    said = admin("access", "explain", "dave", "push", "team/ruled:v1")
    assert said.startswith("denied") and "deny push to authenticated on team/** tags v*" in said
    assert admin("access", "explain", "dave", "push", "team/ruled:latest").startswith("allowed")
    assert admin("access", "explain", "anonymous", "pull", "public/base").startswith("allowed")
    explained = admin.ask("access", "explain", "anonymous", "pull", "public/base")
    assert explained["allowed"] and explained["origin"].endswith(tuple("0123456789")), "a line of the configuration"
    image = content.image()
    repository = Repository(dave, "team/ruled")
    repository.push_parts(image)
    repository.put_manifest("v2", image.data, image.media_type).expect_error(403, "DENIED")
    repository.put_manifest("latest", image.data, image.media_type).expect(201)
    listed = admin("access", "list")
    assert "allow pull to anonymous on public/**" in listed and "releases stay" in listed
    admin("access", "remove", deny["id"])
    repository.put_manifest("v2", image.data, image.media_type).expect(201)
    admin("group", "remove-member", "dev", "dave")
    dave.get("/v2/team/ruled/tags/list").expect_error(403, "DENIED")
    admin("access", "remove", rule["id"])
    assert "rule" in admin.refused("access", "add", "allow", "everything")


def test_the_admin_api_with_curl(server, admin):
    def curl(method, path, *more):
        return run("curl", "-sS", "-u", "root:root's password", "-X", method, "-w", "\n%{http_code}", *more,
                   f"{server.url}/api/v1{path}").stdout.rsplit("\n", 1)

    body, status = curl("POST", "/users", "--json", '{"name":"erin","password":"erin\'s password"}')
    assert status == "201" and json.loads(body)["name"] == "erin", body
    body, status = curl("GET", "/users/erin")
    assert status == "200" and json.loads(body)["disabled"] is False
    body, status = curl("PATCH", "/users/erin", "--json", '{"disabled":true}')
    assert status == "200" and json.loads(body)["disabled"] is True
    assert curl("POST", "/users", "--json", '{"nmae":"x"}')[1] == "400"
    assert curl("DELETE", "/users/erin")[1] == "204"
    assert run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"{server.url}/api/v1/users").stdout == "401"
    document = json.loads(run("curl", "-sS", f"{server.url}/api/v1/openapi.json").stdout)
    assert document["openapi"].startswith("3.") and "/users/{user}" in document["paths"]
    # Every path of the document is one that the server knows: asked by nobody, it wants a login.
    for path, item in document["paths"].items():
        for method in (each for each in item if each != "parameters"):
            target = "/api/v1" + path.replace("{", "").replace("}", "")
            expected = 200 if path == "/openapi.json" else 401
            login(server).request(method.upper(), target).expect(expected)


def test_docker_logs_in_as_a_robot(server, admin, tmp_path, tmp_path_factory):
    secret = admin.create_robot("docker", "pull,push:team/**")
    docker = Docker(tmp_path_factory.mktemp("docker"))  # short, for its sockets
    try:
        docker("login", "--username", "robot$docker", "--password-stdin", server.address, text_input=secret)
        need("/bin/busybox")
        context = tmp_path / "context"
        context.mkdir()
        (context / "Dockerfile").write_text('FROM scratch\nCOPY file /file\nCMD ["/file"]\n')
        (context / "file").write_text("by a robot")
        target = f"{server.address}/team/by-robot:v1"
        docker("build", "-q", "-t", target, context)
        docker("push", target)
        docker("rmi", "--force", target)
        docker("pull", target)
        docker("tag", target, f"{server.address}/other/by-robot:v1")
        refused = run("docker", "push", f"{server.address}/other/by-robot:v1", env=docker.env, check=False)
        assert refused.returncode != 0 and "denied" in refused.stderr.lower(), refused.stderr
        docker("logout", server.address)
        docker("rmi", "--force", target)
        assert run("docker", "pull", target, env=docker.env, check=False).returncode != 0
        wrong = run("docker", "login", "--username", "robot$docker", "--password-stdin", server.address, env=docker.env, check=False,
                    text_input="berth_robot_wrong")
        assert wrong.returncode != 0 and "unauthorized" in wrong.stderr.lower(), wrong.stderr
    finally:
        docker.close()


def test_the_token_service_knows_users_robots_and_access_tokens(tmp_path):
    with berth_server(merged(CHEAP, {**RULES, "auth": {"accounts": {"cost": 1}, "local": {}}}), directory=tmp_path / "server") as server:
        admin = Administrator(server)
        admin.add_user("root", "root's password")
        admin.add_user("alice", "alice's password")
        admin("access", "add", "allow", "pull,push", "to", "user:alice", "on", "team/**")
        push(server, "team/app", "v1")

        def access(who, scope):
            token = who.get(f"/token?service=berth&scope={scope}").expect(200).json["token"]
            claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
            return token, {each["name"]: each["actions"] for each in claims["access"]}

        def refresh(token):
            return login(server).post("/token", urlencode({"grant_type": "refresh_token", "service": "berth", "refresh_token": token,
                                                           "scope": "repository:team/app:pull"}).encode(),
                                      content_type="application/x-www-form-urlencoded")

        def log_in(password):
            return login(server).post("/token", urlencode({"grant_type": "password", "service": "berth", "access_type": "offline",
                                                           "username": "alice", "password": password}).encode(),
                                      content_type="application/x-www-form-urlencoded").expect(200).json

        wanted = "repository:team/app:pull,push&scope=repository:other/app:pull"
        assert access(login(server, "alice", "alice's password"), wanted)[1] == {"team/app": ["pull", "push"]}
        secret = admin.create_robot("ci", "pull:team/**")
        token, granted = access(login(server, "robot$ci", secret), wanted)
        assert granted == {"team/app": ["pull"]}
        login(server, bearer=token).get("/v2/team/app/manifests/v1").expect(200)
        personal = admin.create_token("alice", "pull:**")["secret"]
        assert access(login(server, "alice", personal), wanted)[1] == {"team/app": ["pull"]}

        # What lasts is given for a password alone, and goes with it.
        assert "refresh_token" not in log_in(personal)
        first = log_in("alice's password")["refresh_token"]
        refresh(first).expect(200)
        admin("user", "disable", "alice")
        refresh(first).expect(401)
        admin("user", "enable", "alice")
        refresh(first).expect(200)
        admin("user", "passwd", "alice", "--password-stdin", text_input="a new password")
        refresh(first).expect(401)
        second = log_in("a new password")["refresh_token"]
        admin("user", "remove", "alice")
        refresh(second).expect(401)


def test_without_a_server_the_command_does_it_itself(tmp_path):
    server = Server(CHEAP, directory=tmp_path / "server")
    admin = Administrator(server)
    admin.add_user("alice", "alice's password")
    secret = admin.create_robot("ci", "pull:**")
    assert "password" in admin.refused("user", "add", "bob", "--password-stdin", text_input="short")
    try:
        server.start()
        login(server, "alice", "alice's password").get("/v2/").expect(200)
        login(server, "robot$ci", secret).get("/v2/").expect(200)
        assert {each["name"] for each in admin.ask("user", "list")} == {"alice"}
        server.stop()
        with sqlite3.connect(f"file:{server.root}/berth/metadata.db?mode=ro", uri=True) as database:
            hashes = [row[0] for row in database.execute("SELECT secret_hash FROM account")]
        assert len(hashes) == 1 and hashes[0].startswith("$y$")
    finally:
        server.kill()


def test_a_wrong_command_says_what_is_wrong(tmp_path):
    server = Server({"storage": {"inmemory": {}, "filesystem": None}}, directory=tmp_path / "server")
    server.config_path.write_text("version: 0.1\nstorage: inmemory\nhttp: {addr: '127.0.0.1:0'}\nauth: {accounts: {}}\n")
    admin = Administrator(server)
    assert "inmemory" in admin.refused("user", "add", "alice", "--no-password")
    server.config_path.write_text("version: 0.1\nstorage: {filesystem: {rootdirectory: /proc/none}}\n")
    assert "/proc/none" in admin.refused("robot", "list")
