"""Starts the program under test (or a peer with the same command line) on a free port of 127.0.0.1 with a root of its own."""

import contextlib
import copy
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from typing import Callable, Iterator, Mapping, Optional, Sequence

from .http import Http, speaks_http2
from .ports import free_port
from .waiting import wait_for

_REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
DISTRIBUTION = "/usr/bin/docker-registry"

_SANITIZER = re.compile(r"(ERROR|WARNING): (Address|Thread|Leak|Memory)Sanitizer|runtime error: |UndefinedBehaviorSanitizer")
_START_SECONDS = 30.0
_STOP_SECONDS = 30.0


def program() -> str:
    """The path of the program under test: $BERTH, else the release build."""
    path = os.environ.get("BERTH", str(_REPOSITORY / "build" / "release" / "berth"))
    assert os.access(path, os.X_OK), f"no program at {path}: run `make build`, or set BERTH"
    return os.path.abspath(path)


def is_distribution(path: Optional[str] = None) -> bool:
    """True for Debian's docker-registry, against which the tests themselves can be tried."""
    return os.path.basename(path or program()) == "docker-registry"


def merged(base: dict, extra: Mapping) -> dict:
    """`base` with `extra` laid over it, map by map."""
    result = copy.deepcopy(base)
    for key, value in extra.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


class Server:
    """One server: start, stop or kill, start again on the same root and port. All output is kept in one log file."""

    def __init__(self, config: Optional[Mapping] = None, *, directory: Optional[os.PathLike] = None,
                 root: Optional[os.PathLike] = None, env: Optional[Mapping[str, str]] = None, tls: Optional["Certificate"] = None,
                 executable: Optional[str] = None, wrapper: Sequence[str] = (), arguments: Optional[Sequence[str]] = None):
        self._own_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="berth-test-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        self.root = pathlib.Path(root or self.directory / "root")
        self.executable = executable or program()
        self.config_path = self.directory / "config.yml"
        self.log_path = self.directory / "log"
        self.tls = tls
        self.process: Optional[subprocess.Popen] = None
        self._extra = dict(config or {})
        self._env = dict(env or {})
        self._wrapper = list(wrapper)
        self._arguments = arguments
        self._client: Optional[Http] = None
        self.port = free_port()
        self.make_client: Optional[Callable[..., Http]] = None  # instead of a plain one

    # What the tests talk to

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.address}"

    def http(self, **options) -> Http:
        """A fresh client, one for each thread."""
        if self.make_client:
            return self.make_client(**options)
        return Http("127.0.0.1", self.port, tls=self.tls.client_context() if self.tls else None, **options)

    @property
    def client(self) -> Http:
        if self._client is None:
            self._client = self.http()
        return self._client

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def configuration(self) -> dict:
        base = {
            "version": "0.1",
            "log": {"level": "info"},
            "storage": {"filesystem": {"rootdirectory": str(self.root)}},
            "http": {"addr": self.address, "draintimeout": "5s"},
        }
        if self.tls:
            base["http"]["tls"] = {"certificate": str(self.tls.certificate), "key": str(self.tls.key)}
        if speaks_http2():
            base["http"]["h2c"] = {"enabled": True}
        return merged(base, self._extra)

    # Its life

    def spawn(self) -> subprocess.Popen:
        """Starts the program without waiting for anything."""
        # JSON is YAML; one key a line keeps messages with line numbers readable.
        self.config_path.write_text(json.dumps(self.configuration(), indent=1) + "\n")
        arguments = list(self._arguments) if self._arguments is not None else ["serve", str(self.config_path)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("REGISTRY_", "LISTEN_", "NOTIFY_"))}
        environment.update(self._env)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*self._wrapper, self.executable, *arguments], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env=environment, cwd=self.directory)
        return self.process

    def start(self) -> "Server":
        for attempt in range(3):
            self.spawn()
            try:
                wait_for("the server's port", self.is_listening, _START_SECONDS)
                return self
            except _PortTaken:
                if attempt == 2:
                    raise
                self.port = free_port()
                self._client = None
        return self

    def is_listening(self) -> bool:
        """Whether the port takes connections; AssertionError if the program has ended."""
        code = self.process.poll()
        if code is not None:
            kind = _PortTaken if "address already in use" in self.log.lower() else AssertionError
            raise kind(f"{self.executable} ended with {code} instead of serving:\n{self.log[-3000:]}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def stop(self, number: int = signal.SIGTERM, expected: Sequence[int] = (0,)) -> int:
        """Asks for a clean end, and holds the program to it: the exit code, and no sanitizer's report in the log."""
        if self._client is not None:
            self._client.close()
        if self.process is None:
            return 0
        self.process.send_signal(number)
        try:
            code = self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end within {_STOP_SECONDS:g} s of signal {number}:\n{self.log[-3000:]}")
        self.process = None
        self.check_log()
        assert code in expected, f"the server ended with {code}, not {expected}:\n{self.log[-3000:]}"
        return code

    def kill(self) -> None:
        """kill -9."""
        if self._client is not None:
            self._client.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait(_STOP_SECONDS)
            self.process = None

    def check_log(self) -> None:
        report = _SANITIZER.search(self.log)
        assert report is None, f"a sanitizer found something:\n{self.log[max(0, report.start() - 500):report.start() + 6000]}"

    def remove(self) -> None:
        if self._own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)


class _PortTaken(AssertionError):
    pass


@contextlib.contextmanager
def berth_server(config: Optional[Mapping] = None, **options) -> Iterator[Server]:
    """A running server; ended cleanly (asserted) and removed afterwards. Its log is printed if the test fails inside."""
    server = Server(config, **options)
    try:
        server.start()
        yield server
        if server.process is not None:
            server.stop()
    except BaseException:
        print(f"--- log of {server.executable} ---\n{server.log[-8000:]}")
        raise
    finally:
        server.kill()
        server.remove()


class Certificate:
    """A self-signed pair made by openssl as the documentation teaches it."""

    def __init__(self, directory: os.PathLike, name: str = "127.0.0.1", days: int = 30):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.certificate = directory / "domain.crt"
        self.key = directory / "domain.key"
        subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-sha256", "-keyout", self.key, "-x509", "-days", str(days),
                        "-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:{name}",
                        "-out", self.certificate], check=True, capture_output=True)

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))
