"""One server under measurement: a process on free ports of 127.0.0.1 with a directory of its own."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

START_SECONDS = 60
STOP_SECONDS = 20


def free_ports(count):
    """Different ones: all are held while they are looked for."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Server:
    name = ""
    port_count = 1

    def __init__(self, directory):
        self.directory = pathlib.Path(directory).resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.ports = free_ports(self.port_count)
        self.process = None

    def address(self, way="plain"):
        """Where it is reached in a way: plain, sendfile, copy, tls, h2, h2c. A registry speaks what it was started with."""
        del way
        return f"127.0.0.1:{self.ports[0]}"

    def command(self):
        raise NotImplementedError(self.name)

    def spawn(self, environment=()):
        """Starts it without waiting until it serves."""
        variables = {key: value for key, value in os.environ.items() if not key.startswith("REGISTRY_")}
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env={**variables, **dict(environment)})

    def start(self, environment=()):
        self.spawn(environment)
        deadline = time.monotonic() + START_SECONDS
        for port in self.ports:
            while not self._listens(port):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = (self.directory / "log").read_text(errors="replace")[-2000:]
                    self.stop()
                    raise RuntimeError(f"{self.name} does not start:\n{said}")
                time.sleep(0.01)
        return self

    def _listens(self, port):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def pids(self):
        """The server and its children (nginx's workers)."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [self.process.pid, *(int(word) for word in children.read_text().split())]

    def peak_memory_mib(self):
        """The most memory that it had at once."""
        return sum(_status_kib(pid, "VmHWM:") for pid in self.pids()) / 1024

    def memory_kib(self):
        """What it has now, counted by the kernel page by page: VmRSS of /proc/PID/status lags behind."""
        return sum(_field(pathlib.Path(f"/proc/{pid}/smaps_rollup"), "Rss:") for pid in self.pids())


def _status_kib(pid, name):
    return _field(pathlib.Path(f"/proc/{pid}/status"), name)


def _field(path, name):
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise RuntimeError(f"{path} has no {name}")
