"""The command line as `berth` and as `registry`, configuration from file and environment."""

import json
import os
import pathlib
import subprocess

import pytest

from harness import content
from harness.refusal import one_line, refused_start
from harness.repository import Repository
from harness.server import Server, berth_server, program
from harness.waiting import wait_for


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
    """A section that does nothing would be a promise that is not kept: all keys that are not built are listed, exit 1."""
    config = {"http": {"tls": {"letsencrypt": {"cachefile": "/nowhere", "hosts": ["registry.example.com"]}}},
              "proxy": {"remoteurl": "https://example.com"}}
    code, said = refused_start(Server(config, directory=tmp_path))
    assert code == 1 and "letsencrypt" in said and "proxy" in said
    assert not (tmp_path / "root" / "berth").exists()


def test_what_has_no_effect_is_accepted_with_a_line(tmp_path):
    config = {"storage": {"cache": {"blobdescriptor": "inmemory"}, "tag": {"concurrencylimit": 5}}, "redis": {"addr": "localhost:6379"},
              "reporting": {"bugsnag": {"apikey": "x"}}, "compatibility": {"schema1": {"enabled": False}}}
    with berth_server(config, directory=tmp_path) as server:
        for key in ("storage.cache", "storage.tag", "redis", "reporting", "compatibility"):
            assert key in server.log, f"no line about {key}:\n{server.log}"


def test_a_bad_value_in_a_variable_names_it(tmp_path):
    code, said = refused_start(Server(directory=tmp_path, env={"REGISTRY_HTTP_DRAINTIMEOUT": "abc"}))
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
