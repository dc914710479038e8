"""Backups of a serving registry, the registry back from them, and metadata that was lost and is made anew."""

import json
import os
import pathlib
import shutil
import subprocess
import threading
import time

import pytest

from harness import content
from harness.repository import Repository
from harness.server import Server, berth_server, program
from harness.waiting import wait_for

QUIET = {"storage": {"delete": {"enabled": True}}, "gc": {"enabled": False, "grace": "0s", "promise": "1s"}, "trash": {"keep": "0s"}}


def berth(*arguments, code=0):
    result = subprocess.run([program(), *map(str, arguments)], text=True, capture_output=True, timeout=300)
    assert result.returncode == code, f"{arguments} ended with {result.returncode}\n{result.stdout}{result.stderr}"
    return result


def tree_bytes(directory: pathlib.Path) -> int:
    """Bytes of files that nothing else links, and of those that only this directory does."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def elsewhere(server, directory):
    """The same registry with another root."""
    return Server(QUIET, directory=directory)


def configured(server) -> pathlib.Path:
    """Its configuration, written without starting it."""
    server.config_path.write_text(json.dumps(server.configuration()))
    return server.config_path


def test_a_backup_under_load_has_all_that_was_acknowledged_before_it(tmp_path):
    acknowledged, stop = [], threading.Event()

    def push(server, number):
        repository = Repository(server.http(), f"load/r{number}")
        for count in range(10_000):
            if stop.is_set():
                return
            manifest = content.image([content.layer(size=4000)], annotations={"count": str(count)})
            repository.push(manifest, f"v{count}")
            acknowledged.append((repository.name, f"v{count}", manifest))

    with berth_server(QUIET, directory=tmp_path / "one") as server:
        pushers = [threading.Thread(target=push, args=(server, number)) for number in range(4)]
        for pusher in pushers:
            pusher.start()
        wait_for("some pushes", lambda: len(acknowledged) > 40, 60)
        before = list(acknowledged)
        made = json.loads(berth("backup", server.config_path, "--to", tmp_path / "backups", "--json").stdout)
        assert made["missing_blobs"] == 0 and made["blobs"] > 0
        assert len(acknowledged) > len(before), "pushes go on meanwhile"
        # A collection beside it takes nothing that it names.
        stop.set()
        for pusher in pushers:
            pusher.join()
        for name, tag, manifest in before[:10]:
            Repository(server.client, name).delete_manifest(manifest.digest).expect(202)
        time.sleep(1.1)
        berth("garbage-collect", server.config_path)
        server.kill()
    other = elsewhere(server, tmp_path / "two")
    said = berth("restore", configured(other), "--from", tmp_path / "backups").stdout
    assert "nothing is removed until" in said
    other.start()
    for name, tag, manifest in before:
        Repository(other.client, name).assert_holds(manifest, tag)
    # The first start compares rows and files, and then removal goes on.
    wait_for("the comparison", lambda: subprocess.run([program(), "garbage-collect", str(other.config_path)],
                                                      capture_output=True).returncode == 0, 60)
    for name, tag, manifest in before:
        Repository(other.client, name).assert_holds(manifest, tag)
    other.stop()


def test_the_next_backup_costs_what_is_new(tmp_path):
    with berth_server(QUIET, directory=tmp_path / "one") as server:
        for number in range(100):
            Repository(server.client, f"a/r{number % 7}").push(content.image([content.layer(size=60_000, seed=number)]), f"v{number}")
        wait_for("the manifests' copies", lambda: not pending(server), 30)
        first = json.loads(berth("backup", server.config_path, "--to", tmp_path / "backups", "--json").stdout)
        Repository(server.client, "a/r1").push(content.image([content.layer(size=60_000, seed=5000)]), "late")
        wait_for("the manifests' copies", lambda: not pending(server), 30)
        time.sleep(1.1)  # the names of backups are seconds
        second = json.loads(berth("backup", server.config_path, "--to", tmp_path / "backups", "--json").stdout)
        assert second["added_bytes"] < 0.03 * first["added_bytes"], (first, second)
        assert second["added_blobs"] == 3
        # Old ones go, and what only they named.
        late = Repository(server.client, "a/r0").get_manifest("v0", accept=content.ANY)["Docker-Content-Digest"]
        Repository(server.client, "a/r0").delete_manifest(late).expect(202)
        time.sleep(1.1)
        berth("garbage-collect", server.config_path)
        pruned = json.loads(berth("backup", server.config_path, "--to", tmp_path / "backups", "--keep", 1, "--json").stdout)
        assert pruned["pruned_backups"] == 2 and pruned["pruned_bytes"] > 50_000
    listed = berth("restore", "--from", tmp_path / "backups", "--list").stdout.splitlines()
    assert len(listed) == 1 and pruned["name"] in listed[0]


def pending(server):
    """Manifests whose copies are not among the blobs yet."""
    blobs = {path.parent.name for path in (server.root / "docker").rglob("data")}
    repositories = server.client.get("/v2/_catalog").expect(200).json["repositories"]
    for name in repositories:
        for tag in Repository(server.client, name).tag_names():
            digest = Repository(server.client, name).head_manifest(tag, accept=content.ANY)["Docker-Content-Digest"]
            if digest.split(":")[1] not in blobs:
                return True
    return False


def test_any_kept_backup_can_be_restored_in_place(tmp_path):
    with berth_server(QUIET, directory=tmp_path / "one") as server:
        old = content.image(seed=1)
        Repository(server.client, "app").push(old, "latest")
        name = json.loads(berth("backup", server.config_path, "--to", tmp_path / "backups", "--json").stdout)["name"]
        time.sleep(1.1)
        Repository(server.client, "app").push(content.image(seed=2), "latest")
        berth("backup", server.config_path, "--to", tmp_path / "backups")
        refused = berth("restore", server.config_path, "--from", tmp_path / "backups", code=1)
        assert "is used" in refused.stderr or "holds" in refused.stderr or "lock" in refused.stderr, refused.stderr
        server.stop()
        said = berth("restore", server.config_path, "--from", tmp_path / "backups", "--at", name).stdout
        assert "the metadata that was there" in said
        server.start()
        Repository(server.client, "app").assert_holds(old, "latest")


def test_what_cannot_be_restored_is_refused_with_words(tmp_path):
    with berth_server(QUIET, directory=tmp_path / "one") as server:
        Repository(server.client, "app").push(content.image(seed=1), "v1")
        backups = tmp_path / "backups"
        made = json.loads(berth("backup", server.config_path, "--to", backups, "--json").stdout)
        assert "holds something else" in berth("backup", server.config_path, "--to", server.directory, code=1).stderr
        with berth_server(QUIET, directory=tmp_path / "two") as stranger:
            assert "another registry" in berth("backup", stranger.config_path, "--to", backups, code=1).stderr
            stranger.stop()
            assert "the backup is of" in berth("restore", stranger.config_path, "--from", backups, code=1).stderr
        assert "no backups" in berth("restore", server.config_path, "--from", tmp_path / "nowhere", code=1).stderr
        server.stop()
        assert "there is no backup" in berth("restore", server.config_path, "--from", backups, "--at", "yesterday", code=1).stderr
        with open(backups / made["name"] / "metadata.db", "r+b") as file:
            file.seek(5000)
            file.write(b"damage")
        assert "is damaged" in berth("restore", server.config_path, "--from", backups, code=1).stderr
        server.start()
        Repository(server.client, "app").tag_names()


@pytest.mark.parametrize("links", [False, True])
def test_lost_metadata_is_made_anew(tmp_path, links):
    """From the last copy; what is younger from the link tree, or without a name."""
    config = {"storage": {"delete": {"enabled": True}, "distribution_links": links},
              "metadata": {"snapshots": {"interval": "1s", "keep": 2}}}
    with berth_server(config, directory=tmp_path / "one") as server:
        early, late = content.image(seed=1), content.image(seed=2)
        Repository(server.client, "team/app").push(early, "v1", "v2")
        snapshots = server.root / "berth" / "snapshots"
        wait_for("a copy of the metadata", lambda: list(snapshots.glob("*.sha256")), 30)
        time.sleep(2.5)
        assert len(list(snapshots.glob("*.db"))) <= 3
        server.stop()
        config["metadata"]["snapshots"]["interval"] = "0s"
        server._extra = config
        server.start()
        Repository(server.client, "team/late").push(late, "v9")
        wait_for("the manifests' copies", lambda: not pending(server), 30)
        if links:
            wait_for("the links", lambda: (server.root / "docker/registry/v2/repositories/team/late/_manifests/tags/v9/current/link").exists(), 30)
        server.kill()
        for path in (server.root / "berth").glob("metadata.db*"):
            path.unlink()
        refused = subprocess.run([program(), "serve", str(server.config_path)], text=True, capture_output=True, timeout=60)
        assert refused.returncode == 1 and "check --rebuild" in refused.stderr
        said = berth("check", "--rebuild", server.config_path).stdout
        assert "metadata made anew" in said
        server.start()
        Repository(server.client, "team/app").assert_holds(early, "v1", "v2")
        if links:
            Repository(server.client, "team/late").assert_holds(late, "v9")
        else:
            recovered = Repository(server.client, "recovered/unnamed")
            assert recovered.tag_names() == [late.digest.split(":")[1][:12]]
            recovered.assert_holds(late)
        # A database that is whole is not thrown away.
        server.stop()
        assert "there and whole" in berth("check", "--rebuild", server.config_path, code=1).stderr
        server.start()
