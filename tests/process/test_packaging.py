"""What is installed and what is shipped: make install's script, and the OCI image as people run it (walkthrough, "Run it")."""

import json
import os
import pathlib
import subprocess

import pytest

from harness import content
from harness.clients import Containers, run
from harness.http import Http
from harness.ports import free_port
from harness.repository import Repository
from harness.server import Server, program
from harness.waiting import wait_for

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"


def test_install(tmp_path):
    """DESTDIR and PREFIX; what was configured before is kept."""
    environment = {"DESTDIR": str(tmp_path / "stage"), "PREFIX": "/usr"}
    for _ in range(2):
        run("sh", PACKAGING / "install.sh", os.path.dirname(program()), env=environment)
        (tmp_path / "stage/etc/berth/config.yml").write_text("mine: yes\n")
    assert (tmp_path / "stage/etc/berth/config.yml").read_text() == "mine: yes\n"
    installed = tmp_path / "stage/usr/bin"
    assert (installed / "registry").resolve() == (installed / "berth").resolve()
    unit = (tmp_path / "stage/usr/lib/systemd/system/berth.service").read_text()
    assert "Type=notify" in unit and "/usr/bin/berth" in unit
    server = Server(directory=tmp_path / "server", executable=str(installed / "registry"))
    try:
        server.start()
        server.client.get("/v2/").expect(200)
        server.stop()
    finally:
        server.kill()


@pytest.fixture(scope="module")
def containers(tmp_path_factory):
    tools = Containers(tmp_path_factory.mktemp("containers"))
    yield tools
    tools.close()


@pytest.fixture(scope="module")
def shipped(containers):
    run("sh", PACKAGING / "image" / "build.sh", program(), "localhost/berth:test", env=containers.env)
    return "localhost/berth:test"


class Running:
    """A container of the image on the host's network; its port comes by variable, as in many compose files."""

    def __init__(self, containers, image, *flags, arguments=(), address_by_variable=True):
        self.containers = containers
        self.port = free_port()
        self.client = Http("127.0.0.1", self.port)
        variable = ["-e", f"REGISTRY_HTTP_ADDR=127.0.0.1:{self.port}"] if address_by_variable else []
        self.name = containers.podman("run", "-d", "--network=host", *variable, *flags, image, *arguments).strip()

    def wait(self):
        def answers():
            state = self.containers.podman("inspect", "-f", "{{.State.Status}}", self.name).strip()
            assert state in ("running", "created", "initialized"), run("podman", "logs", self.name, env=self.containers.env).stderr
            try:
                return self.client.get("/v2/").status == 200
            except OSError:
                return False

        wait_for("the registry in the container", answers, 30, pause=0.1)
        return self

    def stop(self):
        self.client.close()
        self.containers.podman("stop", "-t", "20", self.name)
        code = self.containers.podman("inspect", "-f", "{{.State.ExitCode}}", self.name).strip()
        self.containers.podman("rm", "-f", self.name)
        return int(code)


def test_the_image_without_an_argument(containers, shipped, tmp_path):
    """A volume at /var/lib/registry keeps what is pushed, and SIGTERM is a clean end."""
    volume = ["-v", f"{tmp_path}:/var/lib/registry"]
    first = Running(containers, shipped, *volume).wait()
    image = Repository(first.client, "shipped/image").push(content.image(), "v1")
    assert first.client.get("/v2/")["X-Content-Type-Options"] == "nosniff", "the stock configuration"
    first.client.delete("/v2/shipped/image/manifests/v1").expect_error(405, "UNSUPPORTED")
    assert first.stop() == 0
    second = Running(containers, shipped, *volume).wait()
    Repository(second.client, "shipped/image").assert_holds(image, "v1")
    assert second.stop() == 0


@pytest.mark.parametrize("place", ["/etc/docker/registry/config.yml", "/etc/distribution/config.yml"])
def test_a_mounted_configuration(containers, shipped, tmp_path, place):
    config = {"version": "0.1", "storage": {"inmemory": {}}, "http": {"addr": ":5000", "headers": {"X-Mounted": ["here"]}}}
    (tmp_path / "config.yml").write_text(json.dumps(config))
    running = Running(containers, shipped, "-v", f"{tmp_path}/config.yml:{place}").wait()
    assert running.client.get("/v2/")["X-Mounted"] == "here"
    assert running.stop() == 0


@pytest.mark.parametrize("arguments", [["serve", "/my.yml"], ["/my.yml"]])
def test_the_image_with_arguments(containers, shipped, tmp_path, arguments):
    config = {"version": "0.1", "storage": {"inmemory": {}}, "http": {"addr": ":5000"}}
    (tmp_path / "my.yml").write_text(json.dumps(config))
    running = Running(containers, shipped, "-v", f"{tmp_path}/my.yml:/my.yml", arguments=arguments).wait()
    assert running.stop() == 0


def test_the_settings_of_the_image(containers, shipped):
    shown = json.loads(containers.podman("image", "inspect", shipped))[0]["Config"]
    assert list(shown["Volumes"]) == ["/var/lib/registry"] and "5000/tcp" in shown["ExposedPorts"]
    says = containers.podman("run", "--rm", "--network=none", shipped, "--version")
    assert "0." in says


def test_the_script_says_what_is_missing(tmp_path):
    result = subprocess.run(["sh", PACKAGING / "image" / "build.sh", tmp_path / "nothing"], capture_output=True, text=True, check=False)
    assert result.returncode == 1 and "make build" in result.stderr and len(result.stderr.splitlines()) == 1
