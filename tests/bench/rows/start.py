"""From the start of the process to the first correct answer: with a million tags, and after kill -9 with a full log."""

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import time

import api
import content
from rows.pushes import seeds
from runner import Goal, Metric, Part, Row
from warehouse import tag_name

MANY = 1_000_000
STORED_TAG = tag_name(0)
ALLOWANCE_MS = 10.0
AFTER_KILL_MS = 500.0
# metadata.sqlite.walsize is 64 MiB.
FULL_LOG_BYTES = 64 * content.MIB
EMPTY = f"one tag, and {ALLOWANCE_MS:g} ms"
FIRST_ANSWER = Metric("ms", "to the first manifest, ms")


def time_to_manifest_ms(server, expected):
    """Starts it and asks for a stored tag until the manifest comes."""
    request = (f"GET {content.target('manifests', STORED_TAG)} HTTP/1.1\r\nHost: berth\r\nAccept: {content.MANIFEST_TYPE}\r\n"
               "Connection: close\r\n\r\n").encode()
    started = time.monotonic()
    server.spawn()
    while not _answer(server.ports[0], request).endswith(expected):
        if time.monotonic() - started > 60 or server.process.poll() is not None:
            raise RuntimeError(f"{server.name} does not answer {STORED_TAG}")
        time.sleep(0.0002)
    return (time.monotonic() - started) * 1e3


def _answer(port, request):
    """All that comes; nothing while nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return b""


class StartWorld:
    """Directories to start on, and the manifest of the stored tag in each."""

    def __init__(self, lab):
        self.lab = lab
        self.directories = {"1 M tags": lab.warehouse.stock("tags", MANY), EMPTY: lab.warehouse.stock("tags", 1)}
        self.manifests = {name: self._read(directory) for name, directory in self.directories.items()}

    def _read(self, directory):
        server = self.lab.berth(directory).start()
        client = api.Client(server)
        manifest = client.get(content.target("manifests", STORED_TAG))
        client.close()
        server.stop()
        return manifest

    def start(self, name):
        server = self.lab.berth(self.directories[name])
        try:
            return time_to_manifest_ms(server, self.manifests[name]) + (ALLOWANCE_MS if name == EMPTY else 0.0)
        finally:
            server.stop()


@contextlib.contextmanager
def killed_world(lab):
    """A StartWorld with a directory as kill -9 left it, the log as full as it gets."""
    world = StartWorld(lab)
    with lab.place("killed") as place, lab.place("copy") as copy:
        shutil.copytree(world.directories["1 M tags"], place / "running", ignore=shutil.ignore_patterns("*.sock"))
        leave_full_log(lab, place / "running", place / "left")
        world.directories["left"], world.manifests["left"] = place / "left", world.manifests["1 M tags"]
        world.copy = copy
        yield world


def leave_full_log(lab, running, left):
    """Runs Berth under pushes until its log is full, kills it, and copies what it left."""
    server = lab.berth(running)
    database = running / "data" / "berth" / "metadata.db"
    log = database.with_name("metadata.db-wal")
    server.start()
    # A read that stays open keeps the log from being started over. It must stay open until the copy is made: SQLite empties
    # the log when the last one closes it.
    reader = sqlite3.connect(database, isolation_level=None)
    pushing = None
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM setting").fetchone()
        pushing = subprocess.Popen([lab.load_program, "manifests", server.address(), "--seed", str(next(seeds)), "--clients", "64",
                                    "--count", "200000", "--size", "4096"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while log.stat().st_size < FULL_LOG_BYTES:
            if time.monotonic() > deadline or pushing.poll() is not None:
                raise RuntimeError(f"the log has {log.stat().st_size} bytes and does not grow to {FULL_LOG_BYTES}")
            time.sleep(0.01)
        server.kill()
        shutil.copytree(running, left, ignore=shutil.ignore_patterns("*.sock", "*-shm"))
    finally:
        if pushing:
            pushing.kill()
            pushing.wait()
        reader.close()
        server.stop()


def after_kill(world, _name, _number):
    shutil.rmtree(world.copy)
    shutil.copytree(world.directories["left"], world.copy)
    os.sync()
    server = world.lab.berth(world.copy)
    try:
        return {"ms": time_to_manifest_ms(server, world.manifests["left"])}
    finally:
        server.stop()


def parts(lab):
    yield Part([Row("start with 1 M tags", lambda world, name, _: {"ms": world.start(name)}, ["1 M tags", EMPTY], [FIRST_ANSWER],
                    [Goal("ms", at_most=1.0, against=EMPTY)])],
               lambda: contextlib.nullcontext(StartWorld(lab)))
    yield Part([Row("start with 1 M tags after kill -9 with a full log", after_kill, ["Berth"], [FIRST_ANSWER],
                    [Goal("ms", at_most=AFTER_KILL_MS)])], lambda: killed_world(lab))
