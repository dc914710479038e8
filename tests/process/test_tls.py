"""TLS from certificate and key: versions, reload on SIGHUP and on file change, client certificates."""

import os
import signal
import socket
import ssl

import pytest

from harness import content
from harness.http import Http
from harness.refusal import one_line, refused_start
from harness.repository import Repository
from harness.server import Certificate, Server, berth_server
from harness.waiting import wait_for


def serial(server, **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, value in options.items():
        setattr(context, name, value)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        with context.wrap_socket(plain) as connection:
            return connection.getpeercert(binary_form=True), connection.version()


def test_tls_1_2_and_1_3(tmp_path):
    with berth_server(directory=tmp_path / "server", tls=Certificate(tmp_path / "pair")) as server:
        server.client.get("/v2/").expect(200)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            _, spoken = serial(server, minimum_version=version, maximum_version=version)
            assert spoken == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
        location = server.client.post("/v2/a/b/blobs/uploads/").expect(202)["Location"]
        assert location.startswith("https://")
        Repository(server.client, "tls/image").push(content.image([content.layer(size=3_000_000)]), "v1")
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
            plain.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
            plain.settimeout(10)
            try:
                received = plain.recv(1000)
            except ConnectionResetError:
                received = b""
            assert b" 200 " not in received


def test_tls_by_variables(tmp_path):
    """-e REGISTRY_HTTP_TLS_CERTIFICATE=... -e REGISTRY_HTTP_TLS_KEY=..., as the documentation of registry:2 has it."""
    pair = Certificate(tmp_path / "pair")
    env = {"REGISTRY_HTTP_TLS_CERTIFICATE": str(pair.certificate), "REGISTRY_HTTP_TLS_KEY": str(pair.key)}
    with berth_server(directory=tmp_path / "server", env=env) as server:
        client = Http("127.0.0.1", server.port, tls=pair.client_context())
        client.get("/v2/").expect(200)
        client.close()


@pytest.mark.parametrize("how", ["SIGHUP", "file change"])
def test_a_new_certificate_is_taken(tmp_path, how):
    pair = Certificate(tmp_path / "pair")
    with berth_server(directory=tmp_path / "server", tls=pair) as server:
        keep = server.http()
        keep.get("/v2/").expect(200)
        before, _ = serial(server)
        fresh = Certificate(tmp_path / "fresh")
        os.replace(fresh.key, pair.key)
        os.replace(fresh.certificate, pair.certificate)
        if how == "SIGHUP":
            server.process.send_signal(signal.SIGHUP)
        wait_for("the new certificate", lambda: serial(server)[0] != before, 20, pause=0.1)
        assert serial(server)[0] == ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())
        keep.get("/v2/").expect(200)  # open connections go on
        keep.close()


def test_a_broken_certificate_is_not_taken(tmp_path):
    pair = Certificate(tmp_path / "pair")
    with berth_server(directory=tmp_path / "server", tls=pair) as server:
        before, _ = serial(server)
        pair.certificate.write_text("broken\n")
        server.process.send_signal(signal.SIGHUP)
        wait_for("a line in the log", lambda: "reload failed" in server.log, 10)
        assert serial(server)[0] == before


@pytest.mark.parametrize("break_it", ["missing", "garbage", "other key"])
def test_a_start_with_a_bad_certificate_is_one_line(tmp_path, break_it):
    pair = Certificate(tmp_path / "pair")
    if break_it == "missing":
        pair.certificate.unlink()
    elif break_it == "garbage":
        pair.key.write_text("no key\n")
    else:
        os.replace(Certificate(tmp_path / "other").key, pair.key)
    code, said = refused_start(Server(directory=tmp_path / "server", tls=pair))
    assert code == 1
    line = one_line(said)
    assert str(pair.certificate) in line or str(pair.key) in line


def test_client_certificates(tmp_path):
    pair, user = Certificate(tmp_path / "pair"), Certificate(tmp_path / "user", name="user")
    config = {"http": {"tls": {"clientcas": [str(user.certificate)]}}}
    server = Server(config, directory=tmp_path / "server", tls=pair)
    try:
        server.start()
        with pytest.raises(OSError):
            server.http().get("/v2/")
        context = pair.client_context()
        context.load_cert_chain(str(user.certificate), str(user.key))
        Http("127.0.0.1", server.port, tls=context).get("/v2/").expect(200)
        server.stop()
    finally:
        server.kill()


def test_several_certificates_by_name(tmp_path):
    """A client gets the certificate of the name that it asks for; all are taken again on SIGHUP."""
    pair, mirror = Certificate(tmp_path / "pair"), Certificate(tmp_path / "mirror", name="mirror.example.com")
    config = {"http": {"tls": {"certificates": [{"certificate": str(mirror.certificate), "key": str(mirror.key)}]}}}
    with berth_server(config, directory=tmp_path / "server", tls=pair) as server:
        def shown(name):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
                with context.wrap_socket(plain, server_hostname=name) as connection:
                    return connection.getpeercert(binary_form=True)

        def is_of(certificate):
            return ssl.PEM_cert_to_DER_cert(certificate.certificate.read_text())

        assert shown("mirror.example.com") == is_of(mirror)
        assert shown("other.example.com") == is_of(pair)
        assert shown(None) == is_of(pair)
        keep = server.http()
        keep.get("/v2/").expect(200)
        fresh = Certificate(tmp_path / "fresh", name="mirror.example.com")
        os.replace(fresh.key, mirror.key)
        os.replace(fresh.certificate, mirror.certificate)
        server.process.send_signal(signal.SIGHUP)
        wait_for("the new certificate", lambda: shown("mirror.example.com") == is_of(mirror), 20, pause=0.1)
        assert shown("other.example.com") == is_of(pair)
        keep.get("/v2/").expect(200)
        keep.close()
