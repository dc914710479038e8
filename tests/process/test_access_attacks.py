"""What an attacker would send: tokens that are none, roundabout paths and heads, guessed passwords, questions about what is not his."""

import json
import re
import socket
import time

import pytest

from harness import content
from harness.access import as_user, basic, fetch_token, password_of, write_htpasswd
from harness.authority import Authority
from harness.http import read_answer
from harness.ports import free_port
from harness.repository import Repository
from harness.server import berth_server
from harness.tokens import ISSUER, SERVICE, Signer, base64url, claims, encoded, pull

USERS = ("alice", "root")


class AsRoot:
    """Pushes what the tests look for."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        send = getattr(self._client, name)
        return lambda *arguments, **headers: send(*arguments, **as_user("root"), **headers)


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("signer"))


@pytest.fixture(scope="module")
def metrics_port():
    return free_port()


@pytest.fixture(scope="module")
def registry(tmp_path_factory, signer, metrics_port):
    """Passwords, and the tokens of a foreign service; alice has team/**, public/** is everybody's."""
    directory = tmp_path_factory.mktemp("attacked")
    config = {
        "storage": {"delete": {"enabled": True}},
        "auth": {
            "htpasswd": {"realm": "Berth", "path": str(write_htpasswd(directory / "htpasswd", USERS))},
            "token": {"realm": "https://auth.example/token", "service": SERVICE, "issuer": ISSUER,
                      "rootcertbundle": str(signer.certificate)},
        },
        "access": [
            {"allow": "pull", "who": "anonymous", "repositories": "public/**"},
            {"allow": "catalog", "who": "authenticated"},
            {"allow": ["pull", "push", "delete"], "who": "user:alice", "repositories": "team/**"},
            {"allow": ["pull", "push", "delete", "catalog"], "who": "user:root"},
        ],
        "http": {"debug": {"addr": f"127.0.0.1:{metrics_port}", "prometheus": {"enabled": True}}},
    }
    with berth_server(config, directory=directory / "server") as server:
        for name in ("public/app", "team/app", "team/other", "secret/app"):
            Repository(AsRoot(server.client), name).push(content.image(), "v1")
        yield server


def pull_with(server, token, name="team/app"):
    return server.client.get(f"/v2/{name}/manifests/v1", authorization=f"Bearer {token}")


def expect_invalid(server, token, reason=""):
    """401 with error="invalid_token" and which check failed, which the log has, too."""
    answer = pull_with(server, token).expect_error(401, "UNAUTHORIZED")
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert reason in json.dumps(answer.json, ensure_ascii=False), answer
    assert reason in server.log
    return answer


def header(**fields):
    return {"alg": "RS256", "typ": "JWT", **fields}


def test_a_good_token_is_good(registry, signer):
    pull_with(registry, signer.sign(claims(pull("team/app")))).expect(200)
    pull_with(registry, signer.sign(claims(pull("team/app"), aud=["else", SERVICE]))).expect(200)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_alg_none(registry, name):
    unsigned = encoded({"alg": name, "typ": "JWT"}) + "." + encoded(claims(pull("team/app"))) + "."
    expect_invalid(registry, unsigned)
    expect_invalid(registry, unsigned + base64url(b"signature"))


def test_hs256_with_the_public_key(registry, signer):
    expect_invalid(registry, signer.sign_with_public_key(claims(pull("team/app"))), "not accepted")


def test_a_stripped_signature(registry, signer):
    head, payload, signature = signer.sign(claims(pull("team/app"))).split(".")
    expect_invalid(registry, f"{head}.{payload}.", "its signature is wrong")
    expect_invalid(registry, f"{head}.{payload}")
    expect_invalid(registry, f"{head}.{encoded(claims(pull('team/app'), 'root'))}.{signature}", "its signature is wrong")


@pytest.mark.parametrize("changes,reason", [
    ({"exp": int(time.time()) - 3600}, "it has expired"),
    ({"exp": None}, "has no exp"),
    ({"nbf": int(time.time()) + 3600}, "it is not valid yet"),
    ({"aud": "another-registry"}, "its audience is not this service"),
    ({"aud": []}, "its audience is not this service"),
    ({"aud": None}, "its audience is not this service"),
    ({"iss": "another-issuer"}, "its issuer"),
    ({"iss": None}, "its issuer"),
])
def test_claims_that_do_not_hold(registry, signer, changes, reason):
    expect_invalid(registry, signer.sign(claims(pull("team/app"), **changes)), reason)


def test_another_signer(registry, signer, tmp_path):
    """His own key, under every name he can give it."""
    stranger = Signer(tmp_path, "stranger")
    payload = claims(pull("team/app"))
    expect_invalid(registry, stranger.sign(payload))
    expect_invalid(registry, stranger.sign(payload, header(x5c=stranger.chain())))
    expect_invalid(registry, stranger.sign(payload, header(x5c=signer.chain())), "its signature is wrong")
    expect_invalid(registry, stranger.sign(payload, header(x5c=stranger.chain() + signer.chain())))
    expect_invalid(registry, stranger.sign(payload, header(jwk=stranger.jwk("mine"))), "its jwk is not a trusted key")
    expect_invalid(registry, stranger.sign(payload, header(jwk={**stranger.jwk("mine"), "x5c": signer.chain()})))


@pytest.mark.parametrize("key_id", ["../../../../dev/null", "/etc/passwd", "' OR 1=1 --", "http://127.0.0.1:1/jwks", "\u0000", "$(id)", "*", ""])
def test_kid_is_a_name_and_nothing_else(registry, tmp_path, key_id):
    stranger = Signer(tmp_path, "stranger")
    made = stranger.sign(claims(pull("team/app")), header(kid=key_id, jku="http://127.0.0.1:1/k", x5u="http://127.0.0.1:1/c"))
    expect_invalid(registry, made, "its signature is wrong")


def test_tokens_that_are_too_large(registry, signer):
    """More than any real one: refused unread. One with a hundred scopes is not too large."""
    for size in (20_000, 40_000, 200_000):
        answer = pull_with(registry, signer.sign(claims(pull("team/app"), padding="x" * size)))
        assert answer.status in (401, 431), answer
    many = pull(*(f"team/r{i}" for i in range(100)), "team/app")
    pull_with(registry, signer.sign(claims(many))).expect(200)
    registry.client.get("/v2/team/app/manifests/v1", authorization="Basic " + "QUFB" * 20_000).expect(401, 431)
    pull_with(registry, signer.sign(claims(pull("team/app")))).expect(200)


def test_a_token_for_another_repository(registry, signer):
    for access in (pull("team/other"), pull("team"), pull("team/app/v1"), pull("team/ap"), pull("*"), pull("team/*"), pull("TEAM/app"), [],
                   [{"type": "registry", "name": "team/app", "actions": ["pull"]}],
                   [{"type": "repository", "name": "team/app", "actions": ["push", "delete", ""]}]):
        answer = pull_with(registry, signer.sign(claims(access))).expect_error(401, "UNAUTHORIZED")
        assert answer["WWW-Authenticate"].endswith('scope="repository:team/app:pull",error="insufficient_scope"')


def test_a_token_grants_no_more_than_the_rules(registry, signer):
    pull_with(registry, signer.sign(claims(pull("secret/app"), "alice")), "secret/app").expect_error(401, "UNAUTHORIZED")
    pull_with(registry, signer.sign(claims(pull("secret/app"), "root")), "secret/app").expect(200)


@pytest.mark.parametrize("field", [
    "Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "bearer\tx.y.z", "Basic", "Basic !!!", "Basic OmE=", "Basic YQ==", "Digest username=root",
    "Negotiate abc", "Basic " + "YWxpY2U6\u00e9", "Bearer ..", "Bearer e30.e30.e30",
])
def test_authorization_fields_that_are_none(registry, field):
    request = b"GET /v2/secret/app/manifests/v1 HTTP/1.1\r\nHost: x\r\nAuthorization: " + field.encode("latin-1") + b"\r\n\r\n"
    assert registry.client.raw(request).status in (400, 401)


def test_two_authorization_fields(registry):
    """One for the proxy in front, one for the registry behind."""
    good, bad = basic("root"), basic("alice", "wrong")
    for pair in ([good, bad], [bad, good], [good, good]):
        registry.client.request("GET", "/v2/secret/app/manifests/v1", headers={"Authorization": pair}).expect(401)


# What is not his to know

def names_told(server, authorization):
    headers = {"Authorization": authorization} if authorization else {}
    return server.client.request("GET", "/v2/_catalog", headers=headers)


def test_the_catalog_tells_no_names(registry, signer):
    names_told(registry, None).expect_error(401, "UNAUTHORIZED")
    catalog = [{"type": "registry", "name": "catalog", "actions": ["*"]}]
    for authorization in (basic("alice"), "Bearer " + signer.sign(claims(catalog, "alice"))):
        answer = names_told(registry, authorization).expect(200)
        assert "secret" not in answer.body.decode() and "team/app" in answer.json["repositories"]
        for query in ("?n=1", "?n=1&last=public/app", "?last=secret", "?last=secret/app", "?n=100&last=s", "?last=secret/ap&n=1"):
            page = registry.client.get("/v2/_catalog" + query, authorization=authorization).expect(200)
            assert "secret" not in page.body.decode() + page.get("Link", "")
    # What root has seen is not what alice is given from the answers that are kept.
    assert "secret/app" in names_told(registry, basic("root")).json["repositories"]
    assert "secret" not in names_told(registry, basic("alice")).body.decode()


def test_referrers_tell_nothing(registry):
    repository = Repository(AsRoot(registry.client), "secret/app")
    image = repository.push(content.image(), "subject")
    signature = repository.push(content.artifact(subject=image))
    for name in ("secret/app", "secret/none"):
        answer = registry.client.get(f"/v2/{name}/referrers/{image.digest}").expect(401)
        assert signature.digest not in answer.body.decode()
        registry.client.get(f"/v2/{name}/referrers/{image.digest}", **as_user("alice")).expect_error(403, "DENIED")
    # Of the same subject in a repository of hers she sees that repository's only.
    mine = Repository(registry.client, "team/app").client.get(f"/v2/team/app/referrers/{image.digest}", **as_user("alice")).expect(200)
    assert mine.json["manifests"] == []


def test_a_mount_takes_nothing_and_tells_nothing(registry):
    layer = content.layer({"x": b"secret layer"})
    Repository(AsRoot(registry.client), "secret/app").push_blob(layer.data)
    absent = content.digest_of(b"nowhere")
    shapes = set()
    for digest in (layer.digest, absent):
        for source in ("&from=secret/app", "&from=secret/none", "&from=secret/../secret/app", "&from=SECRET/app", "&from=", ""):
            answer = registry.client.post(f"/v2/team/app/blobs/uploads/?mount={digest}{source}", **as_user("alice")).expect(202)
            shapes.add(tuple(sorted(name for name, _ in answer.headers)))
            registry.client.head(f"/v2/team/app/blobs/{digest}", **as_user("alice")).expect(404)
    assert len(shapes) == 1


def test_a_manifest_names_no_blob_of_another_repository(registry):
    """Naming a digest is no right to it: it must be in the repository."""
    image = content.image([content.layer({"x": b"another secret"})])
    Repository(AsRoot(registry.client), "secret/app").push(image, "hidden")
    answer = registry.client.put("/v2/team/app/manifests/v2", image.data, content_type=image.media_type, **as_user("alice"))
    answer.expect_error(400, "MANIFEST_BLOB_UNKNOWN")


# Paths

@pytest.mark.parametrize("path", [
    "/v2/team/../secret/app/manifests/v1", "/v2/team/%2e%2e/secret/app/manifests/v1", "/v2/team/%2E%2E/secret/app/manifests/v1",
    "/v2/team/..%2fsecret/app/manifests/v1", "/v2/team%2f..%2fsecret%2fapp/manifests/v1", "/v2/team/%252e%252e/secret/app/manifests/v1",
    "/v2/secret%2fapp/manifests/v1", "/v2/secret%252fapp/manifests/v1", "/v2/%73ecret/app/manifests/v1", "/v2/Secret/app/manifests/v1",
    "/v2/SECRET/APP/manifests/v1", "/v2//secret/app/manifests/v1", "/v2/./secret/app/manifests/v1", "/v2/secret/app/manifests/v1/",
    "/v2/secret/app/manifests/v1%00", "/v2/secret/app%00/manifests/v1", "/v2/secret/app/manifests/v1;x", "/V2/secret/app/manifests/v1",
    "/v2/secret/app/manifests/v1%20", "/v2/secret\\app/manifests/v1", "/v2/team/app/manifests/../../../secret/app/manifests/v1",
    "/v2/public/app/blobs/../../../secret/app/manifests/v1", "/v2/public/app/../../secret/app/manifests/v1",
])
@pytest.mark.parametrize("user", ["", "alice"])
def test_roundabout_paths_lead_nowhere(registry, path, user):
    """Whatever the path means, it is not another way to a manifest of secret/app."""
    headers = as_user(user) if user else {}
    field = "".join(f"Authorization: {value}\r\n" for value in headers.values())
    answer = registry.client.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{field}\r\n".encode())
    assert answer.status in (301, 308, 400, 401, 403, 404), answer
    assert "Docker-Content-Digest" not in answer
    if answer.status in (301, 308):
        registry.client.get(answer["Location"], **headers).expect(400, 401, 403, 404)


# Heads that a proxy in front could read in another way

SMUGGLED = b"GET /v2/secret/app/manifests/v1 HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("fields", [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Content-Length: 5, 6\r\n", b"Content-Length: +5\r\n", b"Content-Length: 0x5\r\n",
    b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding: xchunked\r\n", b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", b"Content-Length: 5\r\n\tTransfer-Encoding: chunked\r\n",
    b" Authorization: Basic cm9vdDp4\r\n", b"Authorization: Basic\r\n cm9vdDp4\r\n", b"Authorization : Basic cm9vdDp4\r\n",
    b"X: a\rAuthorization: Basic cm9vdDp4\r\n", b"X: a\x00b\r\n", b"Host: y\r\n",
])
def test_heads_of_two_meanings_are_refused(registry, fields):
    """One answer of 400, and the connection ends: nothing after it is taken for a request."""
    with socket.create_connection(("127.0.0.1", registry.port), timeout=20) as connection:
        connection.sendall(b"POST /v2/public/app/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n0\r\n\r\n" + SMUGGLED)
        assert read_answer(connection).status in (400, 501)
        rest = b""
        try:
            while received := connection.recv(4096):
                rest += received
        except ConnectionResetError:
            pass
        assert b"HTTP/1.1" not in rest


def test_a_refused_body_is_no_request(registry):
    """Who may not push has his body read past or cut off; its bytes are never the next request."""
    with socket.create_connection(("127.0.0.1", registry.port), timeout=20) as connection:
        body = SMUGGLED * 3
        connection.sendall(b"PUT /v2/secret/app/manifests/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert read_answer(connection, "PUT").status == 401
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            rest = b"".join(iter(lambda: connection.recv(4096), b""))
        except ConnectionResetError:
            rest = b""
        assert rest.count(b"HTTP/1.1 ") <= 1 and b"secret" not in rest


# Passwords

def checks(port):
    """How often a password of the file was computed."""
    from harness.http import Http
    text = Http("127.0.0.1", port).get("/metrics").expect(200).body.decode()
    found = re.search(r'^berth_password_checks_total\{store="htpasswd"\} (\d+)', text, re.M)
    return int(found.group(1)) if found else 0


def test_unknown_users_cost_as_much_as_known_ones(registry, metrics_port):
    costs = {}
    for user, password in (("alice", "wrong one"), ("mallory", "wrong one"), ("alice", "wrong two"), ("root2", password_of("root")), ("\u00e9", "x")):
        before = checks(metrics_port)
        registry.client.get("/v2/", authorization=basic(user, password)).expect(401)
        costs[user, password] = checks(metrics_port) - before
    assert set(costs.values()) == {1}, costs


def test_answers_to_wrong_passwords_are_all_the_same(registry):
    """Neither body nor fields say whether there is such a user; the log names him and never the password."""
    shapes = set()
    for user in ("alice", "mallory", "root"):
        answer = registry.client.get("/v2/team/app/tags/list", authorization=basic(user, "guess-4711")).expect(401)
        shapes.add((answer.body, tuple(answer.all("WWW-Authenticate"))))
    assert len(shapes) == 1
    assert "mallory" in registry.log and "guess-4711" not in registry.log and "cm9vd" not in registry.log


def test_a_password_is_computed_once_for_many_requests(registry, metrics_port):
    for _ in range(2):
        registry.client.get("/v2/", **as_user("alice")).expect(200)
    before = checks(metrics_port)
    for _ in range(20):
        registry.client.get("/v2/team/app/tags/list", **as_user("alice")).expect(200)
    assert checks(metrics_port) == before


def test_credential_stuffing_lets_nobody_in_and_stops_nobody(registry):
    """A list of names with passwords from elsewhere; whoever is in beforehand goes on."""
    registry.client.get("/v2/", **as_user("alice")).expect(200)
    for number in range(40):
        registry.client.get("/v2/", authorization=basic(f"user{number}", f"password{number}")).expect(401, 429)
    registry.client.get("/v2/", **as_user("alice")).expect(200)


def test_own_tokens_are_not_exchanged_for_more(tmp_path):
    """A token is no login at the token service, and a refresh token no token."""
    config = {"auth": {"local": {}, "htpasswd": {"realm": "Berth", "path": str(write_htpasswd(tmp_path / "htpasswd", ["alice"]))}}}
    with berth_server(config, directory=tmp_path / "server") as server:
        token = fetch_token(server.client, "alice", ["repository:team/app:pull"])
        server.client.get("/token?service=berth&scope=repository:team/app:push", authorization=f"Bearer {token}").expect(401)
        form = "grant_type=refresh_token&service=berth&refresh_token="
        kind = "application/x-www-form-urlencoded"
        server.client.post("/token", (form + token).encode(), content_type=kind).expect(401)
        given = server.client.get("/token?service=berth&offline_token=true&scope=repository:team/app:pull", **as_user("alice")).json
        refresh = given["refresh_token"]
        server.client.get("/v2/", authorization=f"Bearer {refresh}").expect(401)
        answer = server.client.post("/token", (form + refresh + "&scope=repository:team/app:pull").encode(), content_type=kind).expect(200)
        server.client.post("/v2/team/app/blobs/uploads/", authorization=f"Bearer {answer.json['access_token']}").expect(401)
        both = server.client.post("/token", (form + refresh + "&scope=repository:team/app:pull,push").encode(), content_type=kind).expect(200)
        server.client.post("/v2/team/app/blobs/uploads/", authorization=f"Bearer {both.json['access_token']}").expect(202)


def test_a_certificate_that_nobody_vouches_for_names_nobody(tmp_path):
    """clientauth request-client-cert lets any certificate in; only one of the client CAs is worth a name."""
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    tls = ours.issue_server()
    config = {
        "http": {"tls": {"clientcas": [str(ours.certificate)], "clientauth": "request-client-cert"}},
        "auth": {"certificate": {}},
        "access": [{"allow": "pull", "who": "user:alice"}],
    }
    with berth_server(config, directory=tmp_path / "server", tls=tls) as server:
        from harness.http import Http
        for client, status in ((ours.issue("alice"), 404), (theirs.issue("alice"), 401), (ours.issue("bob"), 403), (None, 401),
                               (ours.issue("two", subject="/CN=alice/CN=bob"), 401)):
            with_certificate = Http("127.0.0.1", server.port, tls=tls.client_context(client))
            with_certificate.get("/v2/team/app/manifests/v1").expect(status)
            with_certificate.close()
