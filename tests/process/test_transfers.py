"""Images brought in from OCI layouts, archives of docker, zot's tree, backups and other registries, and taken out again."""

import json
import os
import pathlib
import subprocess
import tarfile

import pytest

from harness import content
from harness.access import LoggedInHttp, password_of, write_htpasswd
from harness.repository import Repository
from harness.server import DISTRIBUTION, Certificate, berth_server, program

DELETES = {"storage": {"delete": {"enabled": True}}}


def run(*arguments, code=0, env=None):
    result = subprocess.run([program(), *map(str, arguments)], text=True, capture_output=True, timeout=300,
                            env={**os.environ, **(env or {})})
    assert result.returncode == code, f"{arguments} ended with {result.returncode}\n{result.stdout}{result.stderr}"
    return result


@pytest.fixture
def server(tmp_path):
    with berth_server(DELETES, directory=tmp_path / "berth") as running:
        yield running


def test_an_oci_layout_there_and_back(server, tmp_path, skopeo):
    image, pair = content.image(seed=1), content.multi_arch()
    repository = Repository(server.client, "team/app")
    repository.push(image, "v1")
    repository.push(pair, "multi")
    layout = tmp_path / "layout"
    said = run("export", f"oci:{layout}", "team/app:v1", "team/app:multi", "-c", server.config_path).stdout
    assert "took out 2 repositories" in said or "took out" in said
    # What others make of it.
    skopeo.copy(f"oci:{layout}:team/app:v1", f"dir:{tmp_path / 'one'}")
    skopeo.copy(f"oci:{layout}:team/app:multi", f"dir:{tmp_path / 'all'}", "--all")
    run("import", f"oci:{layout}", "copy/of:first", "-c", server.config_path, code=1)  # which of the two?
    run("import", f"oci:{layout}", "copy/of", "-c", server.config_path)
    copy = Repository(server.client, "copy/of")
    copy.assert_holds(image, "v1")
    copy.assert_holds(pair, "multi")
    # Again: nothing to do, and by an only image's name.
    again = json.loads(run("import", f"oci:{layout}", "copy/of", "-c", server.config_path, "--json").stdout)
    assert again["manifests"] == 0 and again["blobs"] == 0
    made = tmp_path / "made"
    skopeo.copy(f"docker://{server.address}/team/app:v1", f"oci:{made}:whatever")
    run("import", f"oci:{made}", "named/here:v7", "-c", server.config_path)
    Repository(server.client, "named/here").assert_holds(image, "v7")


def test_dockers_archives_there_and_back(server, tmp_path, skopeo):
    image = content.image([content.layer({"bin/hello": b"#!/bin/sh\necho hello\n"}, media_type=content.DOCKER_LAYER)], kind="docker")
    Repository(server.client, "team/app").push(image, "v1")
    archive = tmp_path / "archive.tar"
    run("export", f"docker-archive:{archive}", "team/app:v1", "-c", server.config_path)
    assert "manifest.json" in tarfile.open(archive).getnames()
    skopeo.copy(f"docker-archive:{archive}", f"dir:{tmp_path / 'one'}")
    # As docker save makes them, compressed or not.
    saved = tmp_path / "saved.tar"
    skopeo.copy(f"docker://{server.address}/team/app:v1", f"docker-archive:{saved}:other/app:v3")
    run("import", f"docker-archive:{saved}", "-c", server.config_path)
    packed = tmp_path / "saved.tar.gz"
    subprocess.run(f"gzip -c {saved} > {packed}", shell=True, check=True)
    run("import", f"docker-archive:{packed}", "named/app:v4", "-c", server.config_path)
    for name, tag in (("other/app", "v3"), ("named/app", "v4")):
        inspected = skopeo.inspect(f"docker://{server.address}/{name}:{tag}")
        assert inspected["Layers"], inspected
        skopeo.copy(f"docker://{server.address}/{name}:{tag}", f"dir:{tmp_path / tag}")
    refused = run("import", f"docker-archive:{server.config_path}", "a:b", "-c", server.config_path, code=1)
    assert "archive" in refused.stderr.lower() or "format" in refused.stderr.lower()
    run("import", f"docker-archive:{tmp_path / 'nowhere.tar'}", "a:b", "-c", server.config_path, code=1)


def test_zots_tree_is_brought_in_whole(server, tmp_path, skopeo):
    images = {}
    for number, name in enumerate(("team/one", "team/two", "deep/er/three")):
        image = content.image(seed=100 + number)
        Repository(server.client, "src").push(image, f"v{number}")
        (tmp_path / "zot" / name).parent.mkdir(parents=True, exist_ok=True)
        skopeo.copy(f"docker://{server.address}/src:v{number}", f"oci:{tmp_path / 'zot' / name}:v{number}")
        images[name, f"v{number}"] = image
    (tmp_path / "zot" / "_trivy").mkdir()
    with berth_server(DELETES, directory=tmp_path / "new") as new:
        said = run("import", f"oci:{tmp_path / 'zot'}", "-c", new.config_path).stdout
        assert "brought in 3 repositories" in said
        for (name, tag), image in images.items():
            Repository(new.client, name).assert_holds(image, tag)


def test_nobody_may_read_the_machines_files_over_http(server):
    for path, body in (("imports", {"layout": "/etc"}), ("layouts", {"directory": "/tmp/x", "images": ["a:b"]}), ("backups", {"directory": "/tmp/x"})):
        answer = server.client.post(f"/api/v1/{path}", json.dumps(body).encode(), content_type="application/json")
        assert answer.status in (401, 403, 404), answer.status


def test_what_cannot_be_brought_in_is_said(server, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no OCI layout" in run("import", f"oci:{empty}", "-c", server.config_path, code=1).stderr
    assert "there is no directory" in run("import", f"oci:{tmp_path / 'nowhere'}", "-c", server.config_path, code=1).stderr
    assert "no such image" in run("export", f"oci:{tmp_path / 'out'}", "no/thing:v1", "-c", server.config_path, code=1).stderr
    assert "neither" in run("export", "somewhere", "a:b", "-c", server.config_path, code=1).stderr
    # A blob whose bytes are others.
    image = content.image(seed=3)
    Repository(server.client, "app").push(image, "v1")
    layout = tmp_path / "layout"
    run("export", f"oci:{layout}", "app:v1", "-c", server.config_path)
    damaged = layout / "blobs" / "sha256" / image.blobs[1].digest.split(":")[1]
    damaged.write_bytes(b"x" * damaged.stat().st_size)
    with berth_server(DELETES, directory=tmp_path / "new") as new:
        failed = run("import", f"oci:{layout}", "app", "-c", new.config_path, code=1)
        assert "digest" in failed.stderr, failed.stderr
        Repository(new.client, "app").get_manifest("v1", accept=content.ANY).expect(404)


def test_one_repository_comes_back_from_a_backup_beside_a_serving_registry(server, tmp_path):
    old, other = content.image(seed=1), content.image(seed=2)
    app, rest = Repository(server.client, "team/app"), Repository(server.client, "team/rest")
    app.push(old, "v1", "latest")
    rest.push(other, "v1")
    run("backup", server.config_path, "--to", tmp_path / "backups")
    new = content.image(seed=3)
    app.push(new, "latest", "v2")
    app.delete_manifest(old.digest).expect(202)
    rest.delete_manifest(other.digest).expect(202)
    run("garbage-collect", server.config_path)
    run("restore", server.config_path, "--from", tmp_path / "backups", "--repository", "team/app")
    app.assert_holds(old, "v1", "latest")
    app.assert_holds(new, "v2")
    assert rest.get_manifest("v1", accept=content.ANY).status == 404, "only the one"
    run("restore", server.config_path, "--from", tmp_path / "backups", "--repository", "team/rest", "--as", "back/again")
    Repository(server.client, "back/again").assert_holds(other, "v1")


class Source:
    """A registry that is copied from, filled."""

    def __init__(self, client):
        self.images = {}
        for number in range(12):
            image = content.image(seed=500 + number)
            name = f"team/app{number % 3}"
            Repository(client, name).push(image, f"v{number}")
            self.images[name, f"v{number}"] = image
        self.pair = content.multi_arch()
        Repository(client, "team/app0").push(self.pair, "multi")
        self.images["team/app0", "multi"] = self.pair

    def check(self, client, prefix=""):
        for (name, tag), image in self.images.items():
            Repository(client, prefix + name).assert_holds(image, tag)


@pytest.mark.skipif(not os.path.exists(DISTRIBUTION), reason="no docker-registry")
def test_a_live_registry_of_distribution_is_copied(server, tmp_path):
    with berth_server(DELETES, directory=tmp_path / "old", executable=DISTRIBUTION) as old:
        source = Source(old.http())
        said = run("import", "--from-registry", old.url, "-c", server.config_path, "--prefix", "mirror/").stdout
        assert "brought in 3 repositories" in said
        source.check(server.client, "mirror/")
        again = json.loads(run("import", "--from-registry", old.url, "-c", server.config_path, "--prefix", "mirror/", "--json").stdout)
        assert again["manifests"] == 0 and again["blobs"] == 0 and again["failures_total"] == 0
        only = json.loads(run("import", "--from-registry", old.url, "-c", server.config_path, "--repositories", "team/app1",
                              "--tag", "v1", "--json").stdout)
        assert only["tags"] == 1
        assert Repository(server.client, "team/app1").tag_names() == ["v1"]


@pytest.mark.parametrize("scheme", ["basic", "token"])
def test_a_registry_with_logins_referrers_and_tls_is_copied(server, tmp_path, scheme):
    certificate = Certificate(tmp_path / "tls")
    accounts = write_htpasswd(tmp_path / "htpasswd", ["carol"])
    auth = {"htpasswd": {"realm": "test", "path": str(accounts)}}
    if scheme == "token":
        auth["local"] = {}
    with berth_server({"storage": {"delete": {"enabled": True}}, "auth": auth}, directory=tmp_path / "source", tls=certificate) as old:
        client = LoggedInHttp("127.0.0.1", old.port, "carol", scheme == "token", tls=certificate.client_context())
        image = content.image(seed=9)
        signature = content.artifact(subject=image)
        repository = Repository(client, "team/signed")
        repository.push(image, "v1")
        repository.push(signature)
        arguments = ["import", "--from-registry", old.url, "-c", server.config_path, "--repositories", "team/signed"]
        assert "certificate" in run(*arguments, code=1).stderr.lower()
        arguments += ["--ca", certificate.certificate]
        assert "401" in run(*arguments, code=1).stderr
        wrong = run(*arguments, "--user", "carol", env={"BERTH_IMPORT_PASSWORD": "wrong"}, code=1).stderr
        assert "401" in wrong, wrong
        run(*arguments, "--user", "carol", env={"BERTH_IMPORT_PASSWORD": password_of("carol")})
        Repository(server.client, "team/signed").assert_holds(image, "v1")
        listed = Repository(server.client, "team/signed").referrers(image.digest).expect(200).json["manifests"]
        assert [each["digest"] for each in listed] == [signature.digest]
