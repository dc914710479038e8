"""The servers that are compared: Berth, Debian's docker-registry, nginx, limit_receiver, and one that the caller names."""

import json
import os
import pathlib
import shlex
import subprocess

import features
from process import Server

HERE = pathlib.Path(__file__).resolve().parent
# Berth and nginx: as many loops as workers.
LOOPS = 2


class Certificate:
    """One for all servers of a run; the clients believe it unseen."""

    def __init__(self, directory):
        self.certificate = pathlib.Path(directory) / "certificate.pem"
        self.key = pathlib.Path(directory) / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                        "-subj", "/CN=localhost", "-keyout", self.key, "-out", self.certificate],
                       check=True, capture_output=True)


class Registry(Server):
    """A server with Distribution's configuration. Logs are off; descriptors are cached in memory, its best case."""

    program = ""

    def __init__(self, directory, tls=None, settings=()):
        """`tls` is a Certificate or None; `settings` are pairs of a path ("http.loops") and a value."""
        super().__init__(directory)
        self.tls = tls
        self.settings = dict(settings)

    @property
    def data(self):
        return self.directory / "data"

    def configuration(self):
        made = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self.data)},
                "delete": {"enabled": True},
                "cache": {"blobdescriptor": "inmemory"},
            },
            "http": {"addr": self.address()},
        }
        if self.tls:
            made["http"]["tls"] = {"certificate": str(self.tls.certificate), "key": str(self.tls.key)}
        for path, value in self.settings.items():
            features.set_value(made, path, value)
        return made

    def write_configuration(self):
        path = self.directory / "config.yml"
        path.write_text(json.dumps(self.configuration(), indent=1))  # JSON is YAML
        return path

    def command(self):
        return [self.program, "serve", str(self.write_configuration())]


class Berth(Registry):
    name = "Berth"

    def __init__(self, directory, program, tls=None, settings=()):
        super().__init__(directory, tls, {
            "http.loops": LOOPS,
            "http.limits.requests": 1_000_000_000,
            "http.limits.connections": 12_000,
            "http.timeout.idle": "1h",
            **dict(settings),
        })
        self.program = os.path.abspath(program)


class Distribution(Registry):
    name = "docker-registry"
    program = "/usr/bin/docker-registry"


class NamedPeer(Registry):
    """BENCH_PEER="name=command": {config} in the command is Distribution's configuration, {address}, {port} and {directory}
    serve a program that has another one."""

    def __init__(self, directory, name, command_line, tls=None):
        super().__init__(directory, tls)
        self.name = name
        self.command_line = command_line

    @staticmethod
    def can_encrypt(command_line):
        """Certificates come with the configuration."""
        return "{config}" in command_line

    def command(self):
        values = {"config": str(self.write_configuration()), "address": self.address(), "port": self.ports[0],
                  "directory": str(self.data)}
        return [word.format(**values) for word in shlex.split(self.command_line)]


class Nginx(Server):
    """The limit of reads: nginx.conf beside this file. All ways are served at once, each on a port of its own."""

    name = "nginx"
    WAYS = ("sendfile", "copy", "tls", "h2", "h2c")
    port_count = len(WAYS)

    def __init__(self, directory, certificate):
        super().__init__(directory)
        self.certificate = certificate
        (self.directory / "tmp").mkdir(exist_ok=True)
        self.files.mkdir(exist_ok=True)

    @property
    def files(self):
        return self.directory / "files"

    def address(self, way="copy"):
        return f"127.0.0.1:{self.ports[self.WAYS.index(way)]}"

    def command(self):
        text = (HERE / "nginx.conf").read_text()
        values = {f"{way.upper()}_PORT": port for way, port in zip(self.WAYS, self.ports)}
        # Started by root, the workers would be another user, who cannot read a temporary directory.
        values["USER"] = "user root;" if os.geteuid() == 0 else ""
        values["DIRECTORY"] = self.directory
        values["CERTIFICATE"], values["KEY"] = self.certificate.certificate, self.certificate.key
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        path = self.directory / "nginx.conf"
        path.write_text(text)
        return ["/usr/sbin/nginx", "-e", "stderr", "-c", str(path)]


class LimitReceiver(Server):
    """The limit of pushes: socket -> SHA-256 -> file -> fsync."""

    name = "limit_receiver"

    def __init__(self, directory, program):
        super().__init__(directory)
        self.program = program

    def command(self):
        return [str(self.program), str(self.ports[0]), str(self.directory)]
