"""Where the program listens and whom it tells: unix sockets, systemd, several addresses, the debug listener, time limits."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

from harness import content
from harness.content import digest_of
from harness.http import Http, read_answer
from harness.ports import free_port
from harness.refusal import one_line, refused_start
from harness.repository import Repository
from harness.server import Server, berth_server, program
from harness.waiting import wait_for


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
        for name in ("registry_http_in_flight_requests", "registry_http_requests_total", "registry_http_request_duration_seconds_bucket",
                     "registry_http_request_size_bytes_sum", "registry_http_response_size_bytes_count"):
            assert f"\n{name}{{" in metrics, name
        assert 'handler="base"' in metrics
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


def test_several_listeners(tmp_path):
    second, path = free_port(), tmp_path / "also"
    config = {"http": {"listeners": [{"addr": f"127.0.0.1:{second}"}, {"addr": str(path), "net": "unix"}]}}
    with berth_server(config, directory=tmp_path / "server") as server:
        digest = Repository(server.client, "many/doors").push_blob(b"one house")
        for client in (Http("127.0.0.1", second), Http("localhost", 80, unix=str(path))):
            assert Repository(client, "many/doors").get_blob(digest).expect(200).body == b"one house"
            client.close()


def test_a_busy_second_listener_is_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        code, said = refused_start(Server({"http": {"listeners": [{"addr": f"127.0.0.1:{busy}"}]}}, directory=tmp_path))
    assert code == 1 and str(busy) in one_line(said)


def test_the_control_socket_is_the_owner_s(tmp_path):
    with berth_server(directory=tmp_path) as server:
        path = server.root / "berth" / "control.sock"
        wait_for("the control socket", path.exists)
        mode = os.stat(path).st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


def test_a_body_that_only_trickles_is_cut_off(tmp_path):
    """Slow-loris in the body: a byte now and then keeps no connection for ever."""
    config = {"http": {"limits": {"minimumrate": 1000, "ratewindow": "1s"}}}
    with berth_server(config, directory=tmp_path) as server:
        location = "/" + Repository(server.client, "slow/loris").start_upload()["Location"].split("/", 3)[3]
        with server.http().connect() as loris:
            loris.sendall(f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n".encode())

            def is_cut_off():
                try:
                    loris.sendall(b"x")
                    loris.settimeout(0.1)
                    return loris.recv(1000) is not None
                except TimeoutError:
                    return False
                except OSError:
                    return True

            wait_for("the connection to be cut off", is_cut_off, 15, pause=0.1)


def test_beyond_the_connection_limit_others_are_still_served(tmp_path):
    config = {"http": {"limits": {"connections": 5}}}
    with berth_server(config, directory=tmp_path) as server:
        crowd = []
        for _ in range(20):
            try:
                crowd.append(server.http(timeout=1).connect())
            except OSError:
                break
        for each in crowd:
            each.close()
        wait_for("room for one more", lambda: server.http(timeout=5).get("/v2/").status == 200, 10)


def test_a_read_only_registry(tmp_path):
    root = tmp_path / "root"
    with berth_server(directory=tmp_path / "before", root=root) as server:
        image = Repository(server.client, "read/only").push(content.image(), "v1")
    config = {"storage": {"maintenance": {"readonly": {"enabled": True}}, "delete": {"enabled": True}}}
    with berth_server(config, directory=tmp_path / "after", root=root) as server:
        repository = Repository(server.client, "read/only")
        repository.assert_holds(image, "v1")
        server.client.post(repository.path("blobs/uploads/")).expect(405)
        repository.put_manifest("v2", image.data, image.media_type).expect(405)
        repository.delete_manifest("v1").expect(405)
        assert repository.tag_names() == ["v1"]


def test_a_root_whose_path_is_longer_than_a_socket_s_may_be(tmp_path):
    """sun_path has 108 bytes; a root may be deeper."""
    root = tmp_path / ("d" * 120) / "root"
    root.parent.mkdir()
    with berth_server(directory=tmp_path / "server", root=root) as server:
        Repository(server.client, "deep/root").push(content.image(), "v1")


def test_a_client_that_takes_nothing_is_cut_off(tmp_path):
    """http.timeout.write: an answer that nobody reads keeps neither its connection nor the file open."""
    config = {"http": {"timeout": {"write": "1s"}}}
    with berth_server(config, directory=tmp_path) as server:
        size = 60_000_000
        digest = Repository(server.client, "slow/reader").push_blob(bytes(size))
        with server.http().connect() as lazy:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lazy.sendall(f"GET /v2/slow/reader/blobs/{digest} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            wait_for("the server to let go", lambda: str(lazy.getsockname()[1]) not in connections_of(server), 15, pause=0.1)
        server.client.get("/v2/").expect(200)


def connections_of(server) -> set:
    """Remote ports of the established connections at the server's end."""
    ports = set()
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table.readlines()[1:]:
            local, remote, state = line.split()[1:4]
            if int(local.split(":")[1], 16) == server.port and state == "01":
                ports.add(str(int(remote.split(":")[1], 16)))
    return ports


def test_little_memory_for_bodies_is_waiting_or_503_never_a_hang(tmp_path):
    config = {"limits": {"bodymemory": "1MiB"}}
    with berth_server(config, directory=tmp_path) as server:
        data = content.random_bytes(3_000_000)
        statuses = []

        def push(number):
            client = server.http()
            answer = client.post(f"/v2/tight/r{number}/blobs/uploads/?digest={digest_of(data)}", data)
            if answer.status == 503:
                assert "Retry-After" in answer, answer
            statuses.append(answer.status)
            client.close()

        threads = [threading.Thread(target=push, args=(number,), daemon=True) for number in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), "a request hangs"
        assert len(statuses) == 60 and set(statuses) <= {201, 503} and 201 in statuses, statuses
