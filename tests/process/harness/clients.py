"""Real clients with state of their own under one directory, so that tests neither see nor touch the user's."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
from typing import Mapping, Optional, Sequence

from .waiting import wait_for


def need(*programs: str) -> None:
    """Fails (never skips) if a client is missing: `make test` installs them all."""
    missing = [each for each in programs if shutil.which(each) is None]
    assert not missing, f"not installed: {', '.join(missing)}; `make test` installs what the tests need"


def run(*command: object, env: Optional[Mapping[str, str]] = None, cwd: Optional[os.PathLike] = None, timeout: float = 120,
        check: bool = True, text_input: Optional[str] = None) -> subprocess.CompletedProcess:
    """Runs one command to its end; a failure shows all that it printed."""
    arguments = [str(each) for each in command]
    result = subprocess.run(arguments, env={**os.environ, **(env or {})}, cwd=cwd, timeout=timeout, text=True, errors="replace",
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, input=text_input)
    if check:
        assert result.returncode == 0, f"{' '.join(arguments)}: exit {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result


class Skopeo:
    def __init__(self, directory: pathlib.Path):
        need("skopeo")
        self.directory = directory

    def __call__(self, *arguments: object, **options) -> str:
        return run("skopeo", "--insecure-policy", *arguments, **options).stdout

    def copy(self, source: str, target: str, *flags: str, **options) -> str:
        plain = []
        if source.startswith("docker://"):
            plain.append("--src-tls-verify=false")
        if target.startswith("docker://"):
            plain.append("--dest-tls-verify=false")
        return self("copy", *plain, *flags, source, target, **options)

    def inspect(self, image: str, *flags: str) -> dict:
        return json.loads(self("inspect", "--tls-verify=false", *flags, image))

    def raw_manifest(self, image: str) -> bytes:
        return self("inspect", "--tls-verify=false", "--raw", image).encode()

    def tags(self, repository: str) -> list:
        return json.loads(self("list-tags", "--tls-verify=false", repository))["Tags"]


class Containers:
    """podman and buildah with storage of their own. The settings are for machines whose cgroups and limits are not a
    desktop's (runc, cgroupfs, low default limits)."""

    def __init__(self, directory: pathlib.Path):
        need("podman", "buildah", "runc")
        directory.mkdir(parents=True, exist_ok=True)
        settings = directory / "containers.conf"
        settings.write_text('[containers]\ndefault_ulimits=["nofile=1024:4096","nproc=1024:4096"]\n'
                            '[engine]\nruntime="runc"\ncgroup_manager="cgroupfs"\nevents_logger="file"\n'
                            f'tmp_dir="{directory}/tmp"\n')
        storage = directory / "storage.conf"
        storage.write_text(f'[storage]\ndriver="overlay"\ngraphroot="{directory}/graph"\nrunroot="{directory}/run"\n')
        policy = directory / "policy.json"
        policy.write_text('{"default":[{"type":"insecureAcceptAnything"}]}')
        self.directory = directory
        self.policy = policy
        self.env = {"CONTAINERS_CONF": str(settings), "CONTAINERS_STORAGE_CONF": str(storage), "BUILDAH_ISOLATION": "chroot",
                    "TMPDIR": str(directory), "HOME": str(directory)}

    def podman(self, *arguments: object, **options) -> str:
        return run("podman", *arguments, env=self.env, **options).stdout

    def buildah(self, *arguments: object, **options) -> str:
        return run("buildah", *arguments, env=self.env, **options).stdout

    def close(self) -> None:
        run("podman", "rm", "--all", "--force", env=self.env, check=False)
        run("podman", "rmi", "--all", "--force", env=self.env, check=False)
        for mount in (self.directory / "graph" / "overlay", self.directory / "graph"):
            run("umount", "-l", mount, check=False)
        shutil.rmtree(self.directory, ignore_errors=True)


class Daemon:
    """A long-running peer process with a log; ended by pid."""

    def __init__(self, command: Sequence[object], log: pathlib.Path, env: Optional[Mapping[str, str]] = None):
        self.log = log
        with open(log, "ab") as output:
            self.process = subprocess.Popen([str(each) for each in command], stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **(env or {})})

    def wait_until(self, what: str, probe, seconds: float = 30) -> None:
        def ready():
            assert self.process.poll() is None, f"{what}: ended with {self.process.returncode}\n{self.log.read_text(errors='replace')[-3000:]}"
            return probe()

        wait_for(what, ready, seconds, pause=0.05)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)


class Containerd:
    """containerd with root, state and socket of its own, and ctr."""

    _DISABLED = ("grpc.v1.cri", "snapshotter.v1.aufs", "snapshotter.v1.btrfs", "snapshotter.v1.devmapper", "snapshotter.v1.zfs")

    def __init__(self, directory: pathlib.Path):
        need("containerd", "ctr")
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.socket = directory / "socket"
        config = directory / "config.toml"
        config.write_text(f'version = 2\nroot = "{directory}/root"\nstate = "{directory}/state"\n'
                          f'disabled_plugins = {[f"io.containerd.{each}" for each in self._DISABLED]}\n'
                          f'[grpc]\naddress = "{self.socket}"\n[ttrpc]\naddress = "{self.socket}.ttrpc"\n')
        self._daemon = Daemon(["containerd", "--config", config], directory / "log")
        self._daemon.wait_until("containerd", lambda: run("ctr", "-a", self.socket, "version", check=False).returncode == 0, seconds=90)

    def ctr(self, *arguments: object, **options) -> str:
        return run("ctr", "-a", self.socket, "-n", "berth", *arguments, **options).stdout

    def close(self) -> None:
        self._daemon.close()
        for mount in reversed(_mounts_below(self.directory)):
            run("umount", "-l", mount, check=False)
        shutil.rmtree(self.directory, ignore_errors=True)


class Docker:
    """Docker's engine without iptables and bridge, and its command line.

    Its containerd is started here: the engine gives one of its own 15 s and then gives up, which a machine busy with its disk exceeds.
    """

    def __init__(self, directory: pathlib.Path):
        need("dockerd", "docker", "containerd", "runc")
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.env = {"DOCKER_HOST": f"unix://{directory}/docker.sock", "DOCKER_CONFIG": str(directory / "cli"), "DOCKER_BUILDKIT": "0",
                    "DOCKER_CLI_EXPERIMENTAL": "enabled", "HOME": str(directory)}
        self._containerd = Containerd(directory / "containerd")
        self._daemon = Daemon(["dockerd", f"--containerd={self._containerd.socket}", "--iptables=false", "--ip6tables=false",
                               "--bridge=none", "--storage-driver=overlay2",
                               f"--data-root={directory}/data", f"--exec-root={directory}/exec",
                               "-H", self.env["DOCKER_HOST"], "-p", directory / "dockerd.pid"], directory / "log")
        self._daemon.wait_until("dockerd", lambda: run("docker", "version", env=self.env, check=False).returncode == 0)

    def __call__(self, *arguments: object, **options) -> str:
        return run("docker", *arguments, env=self.env, **options).stdout

    def close(self) -> None:
        self._daemon.close()
        self._containerd.close()
        for mount in reversed(_mounts_below(self.directory)):
            run("umount", "-l", mount, check=False)
        shutil.rmtree(self.directory, ignore_errors=True)


class Nginx:
    """nginx as the TLS-terminating proxy that the documentation shows."""

    def __init__(self, directory: pathlib.Path, upstream: str, certificate, port: int):
        need("nginx")
        directory.mkdir(parents=True, exist_ok=True)
        config = directory / "nginx.conf"
        config.write_text(f"""
daemon off; master_process off; pid {directory}/pid; error_log {directory}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log {directory}/access.log;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/f;
  uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate.certificate};
    ssl_certificate_key {certificate.key};
    client_max_body_size 0;
    chunked_transfer_encoding on;
    location / {{
      proxy_pass http://{upstream};
      proxy_set_header Host registry.internal;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_request_buffering off;
      proxy_http_version 1.1;
      proxy_read_timeout 60;
    }}
  }}
}}
""")
        self.port = port
        self._daemon = Daemon(["nginx", "-c", config, "-e", directory / "error.log"], directory / "log")
        self._daemon.wait_until("nginx", lambda: run("curl", "-sk", f"https://127.0.0.1:{port}/", check=False).returncode == 0)

    def close(self) -> None:
        self._daemon.close()


def _mounts_below(directory: pathlib.Path) -> list:
    lines = pathlib.Path("/proc/self/mounts").read_text().splitlines()
    return [line.split()[1] for line in lines if line.split()[1].startswith(str(directory) + "/")]
