"""How the program starts and ends: busy ports, foreign roots, two on one root, drain, reload, sockets, the service manager."""

import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

from harness import content
from harness.content import digest_of
from harness.http import Http, read_answer
from harness.ports import free_port
from harness.repository import Repository
from harness.server import DISTRIBUTION, Certificate, Server, berth_server, program
from harness.waiting import wait_for


def ends(server, seconds=20):
    """Starts a server that must refuse; returns (exit code, what it said)."""
    process = server.spawn()
    try:
        code = process.wait(seconds)
    finally:
        server.kill()
    server.check_log()
    return code, server.log


def one_line(said):
    """The refusal: one line on standard error, no trace."""
    lines = [line for line in said.splitlines() if line.strip()]
    assert len(lines) == 1, said
    return lines[0]


# Ports and roots


def test_a_busy_port_is_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(directory=tmp_path)
        server.port = taken.getsockname()[1]
        code, said = ends(server)
        assert code == 1
        line = one_line(said)
        assert str(server.port) in line and "in use" in line


def test_a_second_start_does_not_take_half_the_traffic(berth, tmp_path):
    second = Server(directory=tmp_path)
    second.port = berth.port
    code, said = ends(second)
    assert code == 1 and "in use" in one_line(said)


def test_a_second_process_on_one_root_is_refused_and_names_the_first(tmp_path):
    with berth_server(directory=tmp_path / "first", root=tmp_path / "root") as first:
        second = Server(directory=tmp_path / "second", root=tmp_path / "root")
        code, said = ends(second)
        assert code == 1
        assert str(first.process.pid) in one_line(said)
        first.client.get("/v2/").expect(200)


def snapshot(root):
    return {str(path.relative_to(root)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
            for path in sorted(root.rglob("*"))}


def test_a_root_of_distribution_is_refused_and_not_touched(tmp_path):
    """Adoption comes later; until then such a root is somebody's registry, and nothing of it may change."""
    root = tmp_path / "root"
    peer = Server(directory=tmp_path / "peer", root=root, executable=DISTRIBUTION)
    peer.start()
    Repository(peer.client, "old/image").push(content.image(kind="docker"), "v1")
    peer.kill()
    before = snapshot(root)
    server = Server(directory=tmp_path / "server", root=root)
    code, said = ends(server)
    assert code == 1
    assert str(root) in one_line(said)
    assert snapshot(root) == before


def test_an_id_without_its_metadata_is_refused(tmp_path):
    """data.md 1: one side has an id and the other is empty: something is missing, and the line names the ways out."""
    root = tmp_path / "root"
    with berth_server(directory=tmp_path / "first", root=root) as server:
        Repository(server.client, "a/b").push(content.image(), "v1")
    for path in (root / "berth").glob("metadata.db*"):
        path.unlink()
    code, said = ends(Server(directory=tmp_path / "second", root=root))
    assert code == 1
    line = one_line(said)
    assert "restore" in line or "rebuild" in line or "adopt" in line


def test_metadata_without_its_blobs_is_refused(tmp_path):
    """The volume is not mounted: an empty directory lies where the blobs were, the database elsewhere."""
    root = tmp_path / "root"
    config = {"metadata": {"sqlite": {"path": str(tmp_path / "metadata.db")}}}
    with berth_server(config, directory=tmp_path / "first", root=root) as server:
        Repository(server.client, "a/b").push(content.image(), "v1")
    root.rename(tmp_path / "elsewhere")
    root.mkdir()
    code, said = ends(Server(config, directory=tmp_path / "second", root=root))
    assert code == 1
    one_line(said)
    assert not (root / "berth" / "id").exists()


def test_everything_is_there_after_a_restart(tmp_path):
    server = Server(directory=tmp_path)
    server.start()
    images = [Repository(server.client, f"restart/r{number}").push(content.multi_arch(), "v1") for number in range(3)]
    server.stop()
    server.start()
    try:
        for number, image in enumerate(images):
            Repository(server.client, f"restart/r{number}").assert_holds(image, "v1")
        server.stop()
    finally:
        server.kill()


# The end


def slow_push(server, started, results):
    """An upload that is under way when the signal comes; finishes when told."""
    client = server.http()
    repository = Repository(client, "drain/repo")
    location = repository.start_upload()["Location"]
    data = content.random_bytes(20_000)
    go_on = threading.Event()

    def body():
        yield data[:10_000]
        started.set()
        go_on.wait(20)
        yield data[10_000:]

    def work():
        try:
            results.append(client.put(location + ("&" if "?" in location else "?") + f"digest={digest_of(data)}", body()).status)
        except Exception as error:  # the connection was cut
            results.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, go_on


def test_sigterm_lets_requests_under_way_end(tmp_path):
    server = Server({"http": {"draintimeout": "20s"}}, directory=tmp_path)
    server.start()
    started, results = threading.Event(), []
    thread, go_on = slow_push(server, started, results)
    assert started.wait(10)
    server.process.send_signal(signal.SIGTERM)

    def is_refusing():
        try:
            with server.http(timeout=1).connect() as connection:
                connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
                return connection.recv(1) == b""
        except OSError:
            return True

    wait_for("new connections to be refused", is_refusing, 10)
    assert server.process.poll() is None, "it waits for the request"
    go_on.set()
    thread.join(20)
    assert results == [201]
    assert server.process.wait(20) == 0
    server.process = None
    server.check_log()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_with_nothing_under_way(tmp_path, number):
    server = Server(directory=tmp_path)
    server.start()
    idle = server.http()
    idle.get("/v2/").expect(200)  # a kept connection is nobody's request
    begin = time.monotonic()
    server.stop(number)
    assert time.monotonic() - begin < 4, "an idle connection must not hold the end up"
    idle.close()


def test_draintimeout_0_ends_at_once(tmp_path):
    server = Server({"http": {"draintimeout": 0}}, directory=tmp_path)
    server.start()
    started, results = threading.Event(), []
    thread, go_on = slow_push(server, started, results)
    assert started.wait(10)
    begin = time.monotonic()
    server.stop()
    assert time.monotonic() - begin < 3
    go_on.set()
    thread.join(20)
    assert results != [201]


def test_draintimeout_bounds_the_wait(tmp_path):
    server = Server({"http": {"draintimeout": "1s"}}, directory=tmp_path)
    server.start()
    started, results = threading.Event(), []
    thread, go_on = slow_push(server, started, results)
    assert started.wait(10)
    begin = time.monotonic()
    server.stop()
    assert 0.8 < time.monotonic() - begin < 6
    go_on.set()
    thread.join(20)


def test_without_draintimeout_it_is_10_seconds_and_exit_0(tmp_path):
    server = Server(directory=tmp_path)
    configuration = server.configuration()
    del configuration["http"]["draintimeout"]
    server.configuration = lambda: configuration
    server.start()
    started, results = threading.Event(), []
    thread, go_on = slow_push(server, started, results)
    assert started.wait(10)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(1.5)  # well beyond "at once", well below ten seconds
    assert server.process.poll() is None
    go_on.set()
    thread.join(20)
    assert results == [201]
    assert server.process.wait(20) == 0
    server.process = None


# TLS


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
    code, said = ends(Server(directory=tmp_path / "server", tls=pair))
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


# Listeners


def test_a_unix_socket(tmp_path):
    path = tmp_path / "s"
    server = Server({"http": {"addr": str(path), "net": "unix"}}, directory=tmp_path / "server")
    try:
        for _ in range(2):  # a stale socket of a killed run is no obstacle
            server.spawn()
            client = Http("localhost", 80, unix=str(path))

            def answers():
                assert server.process.poll() is None, server.log
                try:
                    return client.get("/v2/").status == 200
                except OSError:
                    return False

            wait_for("the unix socket", answers)
            Repository(client, "unix/image").push(content.image(), "v1")
            server.kill()
        server.spawn()
        wait_for("the unix socket", answers)
        server.stop()
    finally:
        server.kill()


def test_systemd_hands_over_its_socket(tmp_path):
    """LISTEN_FDS, LISTEN_PID: the program takes descriptor 3 and binds nothing itself."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        launcher = ("import os,sys\n"
                    "os.dup2(int(sys.argv[1]),3)\nos.set_inheritable(3,True)\n"
                    "os.environ.update(LISTEN_FDS='1',LISTEN_PID=str(os.getpid()))\n"
                    "os.execv(sys.argv[2],sys.argv[2:])\n")
        server = Server(directory=tmp_path)
        configuration = server.configuration()
        configuration["http"].pop("addr")
        server.config_path.write_text(json.dumps(configuration))
        with open(server.log_path, "ab") as log:
            server.process = subprocess.Popen([sys.executable, "-c", launcher, str(listener.fileno()), program(), "serve",
                                               str(server.config_path)], pass_fds=[listener.fileno()], stdout=log, stderr=log)
        server.port = port
        try:
            server.http().get("/v2/").expect(200)
            server.stop()
        finally:
            server.kill()


def test_systemd_is_told(tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20)
        with berth_server(directory=tmp_path / "server", env={"NOTIFY_SOCKET": str(path)}) as server:
            assert b"READY=1" in manager.recv(4096)
            server.client.get("/v2/").expect(200)
            server.process.send_signal(signal.SIGTERM)
            assert b"STOPPING=1" in manager.recv(4096)
            assert server.process.wait(20) == 0
            server.process = None


def test_the_debug_listener(tmp_path):
    debug = free_port()
    config = {"http": {"debug": {"addr": f"127.0.0.1:{debug}", "prometheus": {"enabled": True}}}}
    with berth_server(config, directory=tmp_path) as server:
        server.client.get("/v2/").expect(200)
        client = Http("127.0.0.1", debug)
        for path in ("/livez", "/readyz"):
            client.get(path).expect(200)
        assert client.get("/debug/health").expect(200).json == {}
        metrics = client.get("/metrics").expect(200).body.decode()
        assert "registry_http_requests_total" in metrics
        assert client.get("/v2/").status == 404, "the registry is not served here"
        client.close()


def test_a_health_check_that_fails_takes_the_base_out(tmp_path):
    switch = tmp_path / "down"
    config = {"health": {"file": [{"file": str(switch), "interval": "50ms"}]}}
    with berth_server(config, directory=tmp_path / "server") as server:
        server.client.get("/v2/").expect(200)
        switch.touch()
        wait_for("503", lambda: server.client.get("/v2/").status == 503, 10)
        server.client.get("/v2/a/tags/list").expect(404)
        switch.unlink()
        wait_for("200", lambda: server.client.get("/v2/").status == 200, 10)


def test_connections_are_limited_in_time_not_the_honest_ones(tmp_path):
    """http.timeout: a head that never comes ends; an upload that moves, however slowly, lives."""
    config = {"http": {"timeout": {"header": "1s", "idle": "1s"}}}
    with berth_server(config, directory=tmp_path) as server:
        with server.http().connect() as slow:
            slow.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            slow.settimeout(15)
            received = b""
            while piece := slow.recv(1000):
                received += piece
            assert received == b"" or b" 408 " in received.split(b"\r\n")[0]
        data = content.random_bytes(40_000)
        repository = Repository(server.client, "slow/upload")
        location = "/" + repository.start_upload()["Location"].split("/", 3)[3]
        with server.http().connect() as honest:
            honest.sendall(f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n\r\n".encode())
            for at in range(0, len(data), 4_000):
                honest.sendall(data[at:at + 4_000])
                time.sleep(0.25)
            read_answer(honest).expect(202)


# The command line


def berth_says(*arguments, env=None, executable=None, cwd=None):
    clean = {name: None for name in os.environ if name.startswith("REGISTRY_")}
    environment = {**{k: v for k, v in os.environ.items() if k not in clean}, **(env or {})}
    return subprocess.run([executable or program(), *map(str, arguments)], env=environment, cwd=cwd, timeout=30, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_help(tmp_path):
    result = berth_says("--help")
    assert result.returncode == 0
    for word in ("serve", "config", "--version"):
        assert word in result.stdout
    assert berth_says("serve", "--help").returncode == 0


def test_version():
    result = berth_says("--version")
    assert result.returncode == 0 and "berth" in result.stdout.lower()
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["--nonsense"], ["nonsense-command"], ["serve", "--nonsense"], ["config"]])
def test_a_wrong_command_line(arguments):
    result = berth_says(*arguments)
    assert result.returncode not in (0, -6, -11) and result.stderr.strip()


def test_serve_without_a_file_uses_defaults(tmp_path):
    """`berth serve`: 127.0.0.1:5000 and ./data; the address by variable, since 5000 may be taken here."""
    server = Server(directory=tmp_path, arguments=["serve"])
    server._env["REGISTRY_HTTP_ADDR"] = server.address
    try:
        server.start()
        Repository(server.client, "default/image").push(content.image(), "v1")
        assert (tmp_path / "data" / "berth" / "id").exists()
        server.stop()
    finally:
        server.kill()


GOOD = {"version": "0.1", "storage": {"filesystem": {"rootdirectory": "/nowhere"}}, "http": {"addr": "127.0.0.1:0"}}


class TestConfigCheck:
    def check(self, tmp_path, text, *flags):
        path = tmp_path / "config.yml"
        path.write_text(text)
        return berth_says("config", "check", *flags, path)

    def test_good(self, tmp_path):
        result = self.check(tmp_path, json.dumps(GOOD))
        assert result.returncode == 0, result

    def test_a_bad_value_is_one_line_with_file_line_key_and_reason(self, tmp_path):
        text = "version: 0.1\nstorage: {inmemory: {}}\nhttp:\n  addr: 127.0.0.1:0\n  draintimeout: abc\n"
        result = self.check(tmp_path, text)
        assert result.returncode == 1
        (line,) = [line for line in (result.stdout + result.stderr).splitlines() if "draintimeout" in line]
        assert "config.yml:5" in line and "http.draintimeout" in line and "abc" in line and "duration" in line

    def test_an_unknown_key_warns_with_the_nearest(self, tmp_path):
        text = "version: 0.1\nstorage:\n  inmemory: {}\n  delete: {enable: true}\nhttp: {addr: '127.0.0.1:0'}\n"
        result = self.check(tmp_path, text)
        assert result.returncode == 0
        said = result.stdout + result.stderr
        assert "storage.delete.enable" in said and "enabled" in said
        assert self.check(tmp_path, text, "--strict").returncode == 1

    def test_no_file(self, tmp_path):
        result = berth_says("config", "check", tmp_path / "missing.yml")
        assert result.returncode == 1 and "missing.yml" in result.stdout + result.stderr

    def test_doc(self):
        result = berth_says("config", "doc")
        assert result.returncode == 0 and "storage.delete.enabled" in result.stdout


def test_serve_refuses_what_is_not_built(tmp_path):
    """An auth section that does nothing would be a hole: all keys that are not built are listed, exit 1."""
    config = {"auth": {"htpasswd": {"realm": "x", "path": "/nowhere"}}, "proxy": {"remoteurl": "https://example.com"}}
    code, said = ends(Server(config, directory=tmp_path))
    assert code == 1 and "auth" in said and "proxy" in said
    assert not (tmp_path / "root" / "berth").exists()


def test_a_bad_value_in_a_variable_names_it(tmp_path):
    code, said = ends(Server(directory=tmp_path, env={"REGISTRY_HTTP_DRAINTIMEOUT": "abc"}))
    assert code == 1 and "REGISTRY_HTTP_DRAINTIMEOUT" in one_line(said)


def test_variables_reach_the_server(tmp_path):
    env = {"REGISTRY_STORAGE_DELETE_ENABLED": "true", "REGISTRY_HTTP_HEADERS": "{X-From-Env: [yes-it-is]}"}
    with berth_server(directory=tmp_path, env=env) as server:
        repository = Repository(server.client, "env/image")
        repository.push(content.image(), "v1")
        repository.delete_manifest("v1").expect(202)
        assert server.client.get("/v2/").expect(200)["X-From-Env"] == "yes-it-is"


class TestAsRegistry:
    """The same program called `registry` takes Distribution's command line."""

    @pytest.fixture
    def registry(self, tmp_path):
        link = tmp_path / "registry"
        link.symlink_to(program())
        return str(link)

    @pytest.mark.parametrize("arguments", [["serve", "{config}"], ["{config}"], ["serve"], []])
    def test_serve(self, tmp_path, registry, arguments):
        server = Server(directory=tmp_path / "server", executable=registry)
        server._arguments = [each.format(config=server.config_path) for each in arguments]
        if "{config}" not in arguments:
            server._env["REGISTRY_CONFIGURATION_PATH"] = str(server.config_path)
        if arguments == []:
            # Distribution prints its usage for no command at all.
            result = berth_says(executable=registry)
            assert result.returncode == 0 and "serve" in result.stdout + result.stderr
            return
        server.start()
        try:
            server.client.get("/v2/").expect(200)
            server.stop()
        finally:
            server.kill()

    def test_no_configuration(self, registry):
        result = berth_says("serve", executable=registry)
        assert result.returncode == 1
        assert "configuration path unspecified" in result.stderr and "serve" in result.stderr + result.stdout

    def test_a_bad_configuration(self, registry, tmp_path):
        path = tmp_path / "bad.yml"
        path.write_text("version: 0.1\nstorage: {inmemory: {}, filesystem: {}}\n")
        result = berth_says("serve", path, executable=registry)
        assert result.returncode == 1 and "configuration error" in result.stderr

    @pytest.mark.parametrize("flag", ["-v", "--version"])
    def test_version(self, registry, flag):
        result = berth_says(flag, executable=registry)
        assert result.returncode == 0 and len(result.stdout.split()) >= 2

    @pytest.mark.parametrize("flag", ["-h", "--help", "help"])
    def test_help(self, registry, flag):
        result = berth_says(flag, executable=registry)
        assert result.returncode == 0 and "serve" in result.stdout


def test_the_build_makes_the_symlink():
    link = pathlib.Path(program()).parent / "registry"
    assert link.is_symlink() and link.resolve() == pathlib.Path(program()).resolve()


def test_the_access_log_has_a_request_id(tmp_path):
    with berth_server({"log": {"formatter": "json"}}, directory=tmp_path) as server:
        server.client.get("/v2/", user_agent="tester/1.0").expect(200)
        lines = wait_for("the access log", lambda: [line for line in server.log.splitlines() if "tester/1.0" in line], 10)
        assert "/v2/" in lines[0]
        records = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
        assert records
