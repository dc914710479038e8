"""Rate limits, lock-outs, trusted proxies and CORS on the wire, as curl and monitors of Docker Hub's headers see them."""

import re

import pytest

from harness import content
from harness.accounts import CHEAP, Administrator, basic, login
from harness.clients import run
from harness.content import OCI_INDEX, OCI_MANIFEST
from harness.ports import free_port
from harness.repository import Repository
from harness.server import berth_server, merged

OPEN_RULES = {"access": [{"allow": ["pull", "push", "delete", "catalog"], "who": "authenticated"}, {"allow": "pull", "who": "anonymous"},
                         {"allow": "admin", "who": "user:root"}]}
# Whoever the tests say is in front is believed.
BEHIND = {"http": {"trustedproxies": {"networks": ["127.0.0.0/8"]}}}
PASSWORD = "a long password"


def limited(tmp_path, limits, extra=None):
    config = merged(merged(merged(CHEAP, OPEN_RULES), BEHIND), {"ratelimit": limits})
    return berth_server(merged(config, extra or {}), directory=tmp_path / "server")


def prepared(server, *repositories):
    """Users, and the same image in each repository, pushed by `root`."""
    admin = Administrator(server)
    for name in ("root", "alice", "bob"):
        admin.add_user(name, PASSWORD)
    image = content.image([content.layer(size=2000)])
    for name in repositories:
        Repository(login(server, "root", PASSWORD), name).push(image, "v1")
    return admin


def from_address(server, address, *who):
    return login(server, *who, headers={"X-Forwarded-For": address})


def test_pulls_of_an_anonymous_address(tmp_path):
    with limited(tmp_path, {"anonymous": {"pulls": "3/6h"}}) as server:
        prepared(server, "team/app")
        target, other = "/v2/team/app/manifests/v1", "/v2/team/app/manifests/"
        first = from_address(server, "203.0.113.7")
        looked = first.head(target).expect(200)
        assert looked["ratelimit-limit"] == "3;w=21600" and looked["ratelimit-remaining"] == "3;w=21600"
        assert looked["docker-ratelimit-source"] == "203.0.113.7"
        digest = looked["Docker-Content-Digest"]
        for left, reference in ((2, "v1"), (1, digest), (0, "v1")):
            for _ in range(3):
                first.head(target).expect(200)
            assert first.get(other + reference).expect(200)["ratelimit-remaining"] == f"{left};w=21600"
        refused = first.get(target).expect_error(429, "TOOMANYREQUESTS")
        assert 0 < int(refused["Retry-After"]) <= 21600
        assert refused["RateLimit-Policy"] == '"pulls";q=3;w=21600' and re.match(r'"pulls";r=0;t=\d+', refused["RateLimit"])
        first.head(target).expect(200)  # looking is free
        first.get("/v2/team/app/tags/list").expect(200)
        # 2 of the same customer's network are one; another network is another.
        for address, left in (("2001:db8:1:2::1", 2), ("2001:db8:1:2::ffff", 1), ("2001:db8:1:3::1", 2), ("203.0.113.8", 2)):
            answer = from_address(server, address).get(target).expect(200)
            assert answer["ratelimit-remaining"] == f"{left};w=21600", address
        assert from_address(server, "2001:db8:1:2::1").head(target)["docker-ratelimit-source"] == "2001:db8:1:2::"
        # Nothing is told to, or taken from, those who are not limited.
        assert "ratelimit-limit" not in from_address(server, "203.0.113.7", "alice", PASSWORD).get(target).expect(200)


def test_an_image_of_several_platforms_is_one_pull(tmp_path):
    with limited(tmp_path, {"anonymous": {"pulls": "2/6h"}}) as server:
        prepared(server)
        index = content.multi_arch()
        Repository(login(server, "root", PASSWORD), "team/multi").push(index, "v1")
        caller = from_address(server, "203.0.113.7")
        for left in (1, 0):  # as containerd and docker pull it
            caller.head("/v2/team/multi/manifests/v1").expect(200)
            caller.get("/v2/team/multi/manifests/v1", accept=OCI_INDEX).expect(200)
            child = caller.get(f"/v2/team/multi/manifests/{index.children[0].digest}", accept=OCI_MANIFEST).expect(200)
            assert child["ratelimit-remaining"] == f"{left};w=21600"
        caller.get(f"/v2/team/multi/manifests/{index.children[0].digest}").expect(429)
        assert from_address(server, "203.0.113.8").get("/v2/team/multi/manifests/none").expect(404)["ratelimit-remaining"] == "2;w=21600"


def test_users_robots_and_namespaces(tmp_path):
    limits = {"user": {"pulls": "2/1h"}, "robot": {"pulls": "1/1h"}, "namespace": {"pulls": "6/1h"}}
    with limited(tmp_path, limits) as server:
        admin = prepared(server, "team/app", "team/web", "other/app")
        secret = admin.create_robot("ci", "pull:**")
        alice = from_address(server, "203.0.113.7", "alice", PASSWORD)
        for left in (1, 0):
            answer = alice.get("/v2/team/app/manifests/v1").expect(200)
            assert answer["ratelimit-remaining"] == f"{left};w=3600" and answer["docker-ratelimit-source"] == "alice"
        alice.get("/v2/team/app/manifests/v1").expect(429)
        from_address(server, "203.0.113.99", "alice", PASSWORD).get("/v2/team/app/manifests/v1").expect(429)
        from_address(server, "203.0.113.7", "bob", PASSWORD).get("/v2/team/app/manifests/v1").expect(200)
        robot = from_address(server, "203.0.113.7", "robot$ci", secret)
        robot.get("/v2/team/app/manifests/v1").expect(200)
        robot.get("/v2/team/app/manifests/v1").expect(429)
        # 2 of alice, 1 of bob, 1 of the robot: 2 are left in the namespace, whatever the repository.
        nobody = from_address(server, "203.0.113.7")
        for left in (1, 0):
            assert nobody.get("/v2/team/web/manifests/v1").expect(200)["ratelimit-remaining"] == f"{left};w=3600"
        refused = nobody.get("/v2/team/app/manifests/v1").expect(429)
        assert "namespace" in refused.json["errors"][0]["message"]
        nobody.get("/v2/other/app/manifests/v1").expect(200)


def test_requests_and_bytes_with_curl(tmp_path):
    debug = free_port()
    extra = {"http": {"debug": {"addr": f"127.0.0.1:{debug}", "prometheus": {"enabled": True}}}}
    with limited(tmp_path, {"anonymous": {"requests": "10/1h", "bytes": "1KiB/1h"}}, extra) as server:
        prepared(server, "team/app")

        def curl(address, path):
            said = run("curl", "-sS", "-i", "-H", f"X-Forwarded-For: {address}", server.url + path).stdout
            status = int(said.split()[1])
            return status, dict(line.lower().split(": ", 1) for line in said.split("\n\n")[0].replace("\r", "").splitlines()[1:] if ": " in line)

        codes = [curl("198.51.100.1", "/v2/team/app/tags/list?n=1")[0] for _ in range(12)]
        assert codes == [200] * 10 + [429] * 2
        status, fields = curl("198.51.100.1", "/v2/team/app/manifests/v1")
        assert status == 429 and fields["ratelimit-policy"] == '"requests";q=10;w=3600' and int(fields["retry-after"]) > 0
        sent = 0
        while sent < 10:
            status, fields = curl("198.51.100.2", "/v2/team/app/manifests/v1")
            if status == 429:
                break
            sent += 1
        assert 1 < sent < 10 and fields["ratelimit-policy"] == '"bytes";q=1024;w=3600'
        assert curl("198.51.100.1", "/livez")[0] == 200, "probes are nobody's"
        metrics = run("curl", "-sS", f"http://127.0.0.1:{debug}/metrics").stdout
        assert re.search(r'berth_rate_limited_total\{limit="requests",of="anonymous"\} [3-9]', metrics), metrics
        assert re.search(r'berth_rate_limited_total\{limit="bytes",of="anonymous"\} [1-9]', metrics)
        assert "198.51.100.1 " in server.log, "the access log names the client, not the proxy"


@pytest.mark.parametrize("where", ["nowhere", "elsewhere"])
def test_strangers_are_not_believed(tmp_path, where):
    networks = [] if where == "nowhere" else ["10.0.0.0/8"]
    with limited(tmp_path, {"anonymous": {"pulls": "2/6h"}}, {"http": {"trustedproxies": {"networks": networks}}}) as server:
        prepared(server, "team/app")
        codes = [from_address(server, f"203.0.113.{each}").get("/v2/team/app/manifests/v1").status for each in range(3)]
        assert codes == [200, 200, 429]
        assert "203.0.113." not in server.log
        # Locations need no setting: proxies are believed in what only the caller gets to see.
        location = login(server, "root", PASSWORD, headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "registry.example.com"})
        assert location.post("/v2/team/app/blobs/uploads/").expect(202)["Location"].startswith("https://registry.example.com/")


def test_who_guesses_waits(tmp_path):
    lockout = {"auth": {"lockout": {"accountfailures": 3, "addressfailures": 6, "firstwait": "60s", "longestwait": "5m"}}}
    with limited(tmp_path, {}, lockout) as server:
        admin = prepared(server, "team/app")
        at_home = from_address(server, "192.0.2.1", "alice", PASSWORD)
        at_home.get("/v2/").expect(200)
        for number in range(3):
            from_address(server, "198.51.100.9", "alice", f"guess {number}").get("/v2/").expect(401)
        blocked = from_address(server, "198.51.100.9", "alice", PASSWORD).get("/v2/").expect_error(429, "TOOMANYREQUESTS")
        assert 0 < int(blocked["Retry-After"]) <= 60
        from_address(server, "198.51.100.77", "alice", PASSWORD).get("/v2/").expect(429)
        at_home.get("/v2/").expect(200)  # strangers lock themselves out, not her
        for number in range(3):  # the address has failed 3 times already, with one account
            from_address(server, "198.51.100.9", f"user{number}", "guess").get("/v2/").expect(401)
        from_address(server, "198.51.100.9", "bob", PASSWORD).get("/v2/").expect(429)
        from_address(server, "198.51.100.10", "bob", PASSWORD).get("/v2/").expect(200)
        from_address(server, "198.51.100.9").get("/v2/team/app/tags/list").expect(200)  # without a login as ever
        admin("user", "passwd", "alice", "--password-stdin", text_input="another long password")
        from_address(server, "198.51.100.77", "alice", "another long password").get("/v2/").expect(200)
        assert PASSWORD not in server.log and "guess 1" not in server.log
        assert "alice" in server.log and "198.51.100.9" in server.log


def test_pages_of_other_origins(tmp_path):
    cors = {"http": {"cors": {"origins": ["https://ui.example.com"], "maxage": "10m"}}}
    with limited(tmp_path, {}, cors) as server:
        prepared(server, "team/app")

        def curl(*arguments):
            return run("curl", "-sS", "-i", *arguments, server.url + "/v2/team/app/tags/list").stdout.lower()

        preflight = curl("-X", "OPTIONS", "-H", "Origin: https://ui.example.com", "-H", "Access-Control-Request-Method: GET",
                         "-H", "Access-Control-Request-Headers: authorization")
        assert "access-control-allow-origin: https://ui.example.com" in preflight and "access-control-max-age: 600" in preflight
        assert "authorization" in preflight.split("access-control-allow-headers: ")[1].splitlines()[0]
        page = curl("-H", "Origin: https://ui.example.com", "-H", f"Authorization: {basic('alice', PASSWORD)}")
        assert " 200 " in page and "access-control-allow-origin: https://ui.example.com" in page and "vary: origin" in page
        assert "access-control" not in curl("-H", "Origin: https://evil.example.com")
        assert "access-control" not in curl()
