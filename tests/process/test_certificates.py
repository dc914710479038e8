"""Certificates of several names as curl and skopeo see them, taken again without a dropped connection, and their end announced."""

import os
import re
import signal
import time

from harness import content
from harness.clients import need, run
from harness.ports import free_port
from harness.repository import Repository
from harness.server import Certificate, berth_server
from harness.waiting import wait_for


def several(*certificates):
    return {"http": {"tls": {"certificates": [{"certificate": str(each.certificate), "key": str(each.key)} for each in certificates]}}}


def test_each_name_is_trusted_by_its_own_clients(tmp_path):
    """Each client trusts one of the three certificates and asks by its name: it gets that one, or would say no."""
    need("curl")
    pair = Certificate(tmp_path / "pair", name="registry.example.com")
    mirror, wild = Certificate(tmp_path / "mirror", name="mirror.example.com"), Certificate(tmp_path / "wild", name="*.team.example.com")
    with berth_server(several(mirror, wild), directory=tmp_path / "server", tls=pair) as server:
        def curl(name, certificate):
            return run("curl", "-sS", "--resolve", f"{name}:{server.port}:127.0.0.1", "--cacert", certificate.certificate, "-o", "/dev/null",
                       "-w", "%{http_code}", f"https://{name}:{server.port}/v2/", check=False)

        for name, certificate in (("registry.example.com", pair), ("mirror.example.com", mirror), ("a.team.example.com", wild)):
            assert curl(name, certificate).stdout == "200", name
        assert curl("mirror.example.com", pair).returncode == 60, "not the certificate of another name"
        # localhost is in all of them; the first, which is `certificate`, is the one that is shown.
        assert curl("localhost", pair).stdout == "200"


def test_a_download_goes_on_while_certificates_are_taken_again(tmp_path):
    pair, mirror = Certificate(tmp_path / "pair"), Certificate(tmp_path / "mirror", name="mirror.example.com")
    with berth_server(several(mirror), directory=tmp_path / "server", tls=pair) as server:
        layer = content.layer(size=24_000_000)
        Repository(server.client, "team/app").push(content.image([layer]), "v1")
        with server.http().connect() as connection:
            connection.sendall(f"GET /v2/team/app/blobs/{layer.digest} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            received = connection.recv(65536)
            for certificate, name in ((pair, "127.0.0.1"), (mirror, "mirror.example.com")):
                fresh = Certificate(tmp_path / f"fresh-{name}", name=name)
                os.replace(fresh.key, certificate.key)
                os.replace(fresh.certificate, certificate.certificate)
            server.process.send_signal(signal.SIGHUP)
            wait_for("the reload", lambda: "reloaded" in server.log)
            # A new client, which trusts the new certificate alone, is let in while the old connection is half way.
            server.http().get("/v2/").expect(200)
            while piece := connection.recv(1 << 20):
                received += piece
        head, body = received.split(b"\r\n\r\n", 1)
        assert b" 200 " in head.splitlines()[0] and body == layer.data


def test_the_end_of_a_certificate_is_announced(tmp_path):
    debug = free_port()
    pair, soon = Certificate(tmp_path / "pair", days=90), Certificate(tmp_path / "soon", name="soon.example.com", days=5)
    config = several(soon)
    config["http"]["debug"] = {"addr": f"127.0.0.1:{debug}", "prometheus": {"enabled": True}}
    with berth_server(config, directory=tmp_path / "server", tls=pair) as server:
        warnings = [line for line in server.log.splitlines() if "expires soon" in line]
        assert len(warnings) == 1 and str(soon.certificate) in warnings[0], server.log

        def ends():
            metrics = run("curl", "-sS", f"http://127.0.0.1:{debug}/metrics").stdout
            return {file: int(float(when)) for file, when in
                    re.findall(r'^berth_tls_certificate_expiry_timestamp_seconds\{file="([^"]+)"\} (\S+)$', metrics, re.MULTILINE)}

        now = time.time()
        shown = ends()
        assert abs(shown[str(pair.certificate)] - now - 90 * 86400) < 600 and abs(shown[str(soon.certificate)] - now - 5 * 86400) < 600
        fresh = Certificate(tmp_path / "fresh", name="soon.example.com", days=60)
        os.replace(fresh.key, soon.key)
        os.replace(fresh.certificate, soon.certificate)
        server.process.send_signal(signal.SIGHUP)
        wait_for("the new date", lambda: ends()[str(soon.certificate)] > now + 50 * 86400)
