"""How the program ends: signals, draining, time limits."""

import signal
import threading
import time

import pytest

from harness import content
from harness.content import digest_of
from harness.repository import Repository, with_query
from harness.server import Server
from harness.waiting import wait_for


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
            results.append(client.put(with_query(location, f"digest={digest_of(data)}"), body()).status)
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
