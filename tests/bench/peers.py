"""The servers that are measured: Berth, Debian's docker-registry, and nginx serving the same bytes from files."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    """One server on a free port of 127.0.0.1 with a directory of its own."""

    name = ""
    takes_pushes = True

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def command(self):
        raise NotImplementedError(self.name)

    def start(self):
        log = open(self.directory / "log", "wb")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("REGISTRY_")}
        self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
        log.close()
        deadline = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = (self.directory / "log").read_text(errors="replace")[-2000:]
                    self.stop()
                    raise RuntimeError(f"{self.name} does not start:\n{said}") from None
                time.sleep(0.02)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def processes(self):
        """The server and its children (nginx's workers)."""
        ids = [self.process.pid]
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        ids += [int(word) for word in children.read_text().split()]
        return ids

    def cpu_seconds(self):
        ticks = 0
        for pid in self.processes():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / CLOCK_TICKS

    def resident_mib(self):
        """The most memory that the server had at once."""
        total = 0
        for pid in self.processes():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    total += int(line.split()[1])
        return total / 1024

    def request(self, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), data


class Registry(Peer):
    """A server with Distribution's command line and configuration."""

    program = ""

    def configuration(self):
        return {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self.directory / "data")},
                "delete": {"enabled": True},
                "cache": {"blobdescriptor": "inmemory"},
            },
            "http": {"addr": self.address},
        }

    def command(self):
        path = self.directory / "config.yml"
        path.write_text(json.dumps(self.configuration(), indent=1))  # JSON is YAML
        return [self.program, "serve", str(path)]

    def put_blob(self, repository, data, digest):
        status, headers, said = self.request("POST", f"/v2/{repository}/blobs/uploads/", body=b"")
        if status != 202:
            raise RuntimeError(f"{self.name}: POST answered {status}: {said[:300]!r}")
        location = headers["Location"].split(self.address, 1)[-1]
        separator = "&" if "?" in location else "?"
        status, _, said = self.request("PUT", f"{location}{separator}digest={digest}", body=data,
                                       headers={"Content-Type": "application/octet-stream"})
        if status != 201:
            raise RuntimeError(f"{self.name}: PUT of a blob answered {status}: {said[:300]!r}")

    def put_manifest(self, repository, reference, data, media_type):
        status, _, said = self.request("PUT", f"/v2/{repository}/manifests/{reference}", body=data,
                                       headers={"Content-Type": media_type})
        if status != 201:
            raise RuntimeError(f"{self.name}: PUT of a manifest answered {status}: {said[:300]!r}")


class Berth(Registry):
    name = "Berth"

    def __init__(self, directory, program):
        super().__init__(directory)
        self.program = os.path.abspath(program)


class Distribution(Registry):
    name = "docker-registry"
    program = "/usr/bin/docker-registry"


class Nginx(Peer):
    """The limit of reads: the very same bytes as files under the very same paths."""

    name = "nginx"
    takes_pushes = False

    CONFIGURATION = """
{user}
worker_processes auto;
daemon off;
pid {directory}/pid;
error_log {directory}/error.log error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=60s;
  default_type application/octet-stream;
  client_body_temp_path {directory}/tmp; proxy_temp_path {directory}/tmp; fastcgi_temp_path {directory}/tmp;
  uwsgi_temp_path {directory}/tmp; scgi_temp_path {directory}/tmp;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    root {directory}/files;
    location ~ /manifests/ {{ default_type application/vnd.oci.image.manifest.v1+json; }}
  }}
}}
"""

    def command(self):
        (self.directory / "tmp").mkdir(exist_ok=True)
        path = self.directory / "nginx.conf"
        # Started by root, the workers would be another user, who cannot read a temporary directory.
        user = "user root;" if os.geteuid() == 0 else ""
        path.write_text(self.CONFIGURATION.format(user=user, directory=self.directory.resolve(), port=self.port))
        return ["/usr/sbin/nginx", "-e", "stderr", "-c", str(path.resolve())]

    def _write(self, target, data):
        path = self.directory / "files" / target.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def put_blob(self, repository, data, digest):
        self._write(f"/v2/{repository}/blobs/{digest}", data)

    def put_manifest(self, repository, reference, data, _media_type):
        self._write(f"/v2/{repository}/manifests/{reference}", data)
