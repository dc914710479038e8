"""docs/migration.md, followed literally: the commands of its sh blocks, in its order."""

import json
import os
import pathlib
import re
import subprocess
import time

import pytest

from harness import content
from harness.repository import Repository
from harness.server import DISTRIBUTION, Server, berth_server, program
from harness.waiting import wait_for

GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "migration.md"


def commands(section):
    """What stands in the sh blocks of a section."""
    text = GUIDE.read_text()
    body = text.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"```sh\n(.*?)```", body, re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def shell(line, directory, code=0, **env):
    path = f"{os.path.dirname(program())}:{os.environ['PATH']}"
    result = subprocess.run(line, shell=True, cwd=directory, text=True, capture_output=True, timeout=120,
                            env={**os.environ, "PATH": path, **env})
    assert result.returncode == code, f"{line}\nended with {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout



@pytest.mark.skipif(not os.path.exists(DISTRIBUTION), reason="no docker-registry")
def test_from_distribution_and_back(tmp_path):
    directory = tmp_path / "here"
    old = Server({"storage": {"delete": {"enabled": True}}}, directory=directory, executable=DISTRIBUTION)
    look, serve, status, accept = commands("From registry:2 or registry:3")
    (export,) = commands("Back to registry:2 or registry:3")
    images = [content.image(seed=number) for number in range(5)]
    old.start()
    for number, image in enumerate(images):
        Repository(old.client, "team/app").push(image, f"v{number}")
    assert "all of it can be read" in shell(look, directory)
    old.stop(expected=(0, 2, -15))
    assert serve == "berth serve config.yml"
    new = Server({"storage": {"delete": {"enabled": True}}}, directory=directory, root=old.root)
    new.port = old.port
    try:
        new.start()
        wait_for("the adoption", lambda: not json.loads(shell(status + " --json; true", directory))["pending"], 60)
        for number, image in enumerate(images):
            Repository(new.client, "team/app").assert_holds(image, f"v{number}")
        assert "adopted: 1 repositories, 5 tags" in shell(status, directory)
        assert "0 problems are settled" in shell(accept, directory)
        late = content.image(seed=99)
        Repository(new.client, "team/new").push(late, "v1")
        shell(export, directory)
        new.stop()
        old.start()
        Repository(old.client, "team/new").assert_holds(late, "v1")
        for number, image in enumerate(images):
            Repository(old.client, "team/app").assert_holds(image, f"v{number}")
        last = content.image(seed=100)
        Repository(old.client, "team/new").push(last, "v1")
        old.stop(expected=(0, 2, -15))
        new.start()
        wait_for("the comparison", lambda: not json.loads(shell(status + " --json; true", directory))["pending"], 60)
        Repository(new.client, "team/new").assert_holds(last, "v1")
        new.stop()
    finally:
        old.kill()
        new.kill()


def test_from_a_live_registry(tmp_path):
    export, copy = commands("From a live registry: Harbor, Quay, GitLab, any other")
    assert export == "export BERTH_IMPORT_PASSWORD=..."
    with berth_server(directory=tmp_path / "source") as source, berth_server(directory=tmp_path / "here") as here:
        image = content.image(seed=1)
        Repository(source.client, "team/app").push(image, "v1")
        Repository(source.client, "other/app").push(image, "v1")
        shell(copy.replace("https://harbor.example", source.url), tmp_path / "here", BERTH_IMPORT_PASSWORD="secret")
        Repository(here.client, "team/app").assert_holds(image, "v1")
        assert here.client.get("/v2/_catalog").json["repositories"] == ["team/app"]


def test_from_zot_layouts_and_archives(tmp_path, skopeo):
    zot, layout, archive, out, packed = commands("From zot, OCI layouts and archives")
    with berth_server(directory=tmp_path / "source") as source, berth_server(directory=tmp_path / "here") as here:
        images = [content.image(seed=number) for number in range(3)]
        for number, image in enumerate(images):
            Repository(source.client, "app").push(image, f"v{number}")
        tree = tmp_path / "zot"
        (tree / "deep").mkdir(parents=True)
        skopeo.copy(f"docker://{source.address}/app:v0", f"oci:{tree}/deep/app:v0")
        skopeo.copy(f"docker://{source.address}/app:v1", f"oci:{tmp_path}/here/layout:v1")
        subprocess.run([program(), "export", f"docker-archive:{tmp_path}/here/image.tar", "app:v2", "-c", source.config_path], check=True)
        shell(zot.replace("/var/lib/zot", str(tree)), tmp_path / "here")
        Repository(here.client, "deep/app").assert_holds(images[0], "v0")
        shell(layout, tmp_path / "here")
        Repository(here.client, "team/app").assert_holds(images[1], "v1")
        shell(archive, tmp_path / "here")
        shell(out, tmp_path / "here")
        shell(packed, tmp_path / "here")
        skopeo.copy(f"oci:{tmp_path}/here/out:team/app:v1", f"dir:{tmp_path}/one")
        skopeo.copy(f"docker-archive:{tmp_path}/here/out.tar", f"dir:{tmp_path}/two")
