"""Collecting garbage as people type it: beside a serving Berth and without one, by hand and in the background."""

import json
import os
import pathlib
import subprocess
import time

import pytest

from harness import content
from harness.repository import Repository
from harness.server import Server, berth_server, program
from harness.waiting import wait_for

# By hand only, with promises that are soon over.
BY_HAND = {"storage": {"delete": {"enabled": True}}, "gc": {"enabled": False, "promise": "1s"}}
ONLINE = {"storage": {"delete": {"enabled": True}},
          "gc": {"grace": "0s", "promise": "1s", "interval": "50ms", "untagged": {"delete": True, "keep": "0s"}, "pace": {"deletions": 0}},
          "trash": {"keep": "0s"}}


def registry() -> str:
    return os.path.join(os.path.dirname(program()), "registry")


def said(*arguments, code=0):
    result = subprocess.run([str(each) for each in arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    assert result.returncode == code, f"{arguments} ended with {result.returncode}\n{result.stdout}{result.stderr}"
    return result


def files(root: pathlib.Path) -> dict:
    """digest -> bytes of its file."""
    blobs = root / "docker" / "registry" / "v2" / "blobs"
    return {f"{path.parts[-4]}:{path.parts[-2]}": path.stat().st_size for path in blobs.rglob("data")}


def eligible_bytes(output: str) -> int:
    """The walkthrough's line: grep "blob eligible for deletion" | awk '{sum+=$7} END {print sum}'."""
    awk = subprocess.run("grep 'blob eligible for deletion' | awk '{sum+=$7} END {print sum+0}'", shell=True, input=output, text=True,
                         stdout=subprocess.PIPE, check=True)
    return int(awk.stdout)


def wait_for_copies(server, *manifests):
    wait_for("the manifests' copies among the blobs", lambda: all(each.digest in files(server.root) for each in manifests))


def two_images(server, name="gc/app"):
    """One that stays and one that is deleted, with a layer in common; and what only the second one has."""
    shared = content.layer(size=2000)
    kept, gone = content.image([shared, content.layer(size=500)]), content.image([shared, content.layer(size=70_000)])
    repository = Repository(server.client, name)
    repository.push(kept, "kept")
    repository.push(gone, "gone")
    wait_for_copies(server, kept, gone)
    repository.delete_manifest(gone.digest).expect(202)
    return repository, kept, gone, {blob.digest for blob in gone.blobs if blob != shared} | {gone.digest}


@pytest.mark.parametrize("beside", [True, False], ids=["beside a serving Berth", "alone"])
def test_by_hand(tmp_path, beside):
    with berth_server(BY_HAND, directory=tmp_path) as server:
        repository, kept, _, gone = two_images(server)
        time.sleep(1.1)  # the promises of the pushes end
        if not beside:
            server.stop()
        before = files(server.root)
        foreseen = said(registry(), "garbage-collect", "--dry-run", server.config_path)
        assert files(server.root) == before, "a dry run changes nothing"
        assert eligible_bytes(foreseen.stdout + foreseen.stderr) == sum(before[digest] for digest in gone)

        done = said(registry(), "garbage-collect", server.config_path)
        after = files(server.root)
        assert set(before) - set(after) == gone, "exactly what only the deleted image had"
        assert eligible_bytes(done.stdout) == sum(before[digest] for digest in gone)
        assert f"{len(gone)} blobs" in done.stdout and f"({sum(before[digest] for digest in gone)} bytes)" in done.stdout
        assert not beside or server.process.poll() is None
        if not beside:
            server.start()
            repository = Repository(server.client, repository.name)
        repository.assert_holds(kept, "kept")
        for digest in gone:
            repository.head_blob(digest).expect(404)
        assert eligible_bytes(said(registry(), "garbage-collect", "-d", server.config_path).stdout) == 0


def test_what_clients_were_told_is_kept_and_said(tmp_path):
    with berth_server({**BY_HAND, "gc": {"enabled": False}}, directory=tmp_path) as server:
        _, _, _, gone = two_images(server)
        before = files(server.root)
        done = said(program(), "garbage-collect", server.config_path)
        # The copy of a manifest was promised to nobody.
        assert set(before) - set(files(server.root)) <= gone
        assert "kept for a while" in done.stdout and "gc.promise" in done.stdout
        verbose = said(program(), "garbage-collect", "-v", server.config_path)
        assert "waits until" in verbose.stdout


def test_untagged_manifests_go_when_asked_for_and_what_hangs_on_a_tag_stays(tmp_path):
    with berth_server(BY_HAND, directory=tmp_path) as server:
        repository = Repository(server.client, "gc/untagged")
        index = repository.push(content.multi_arch(), "index")
        untagged = repository.push(content.image())
        moved = repository.push(content.image(), "moving")
        now = repository.push(content.image(), "moving")
        signature = repository.push(content.artifact(subject=index))
        orphan = repository.push(content.artifact(subject=untagged))
        wait_for_copies(server, index, untagged, moved, now, signature, orphan)
        time.sleep(1.1)
        said(registry(), "garbage-collect", server.config_path)
        for each in (index, untagged, moved, now, signature, orphan):
            repository.assert_holds(each)

        said(registry(), "garbage-collect", "--delete-untagged", server.config_path)
        repository.assert_holds(index, "index")
        repository.assert_holds(now, "moving")
        repository.assert_holds(signature)
        for each in (untagged, moved, orphan):
            repository.get_manifest(each.digest, accept=content.ANY).expect(404)
        everything = {each.digest for kept in (index, now, signature, *index.children) for each in (kept, *kept.blobs)}
        assert set(files(server.root)) == everything


def test_in_the_background(tmp_path):
    with berth_server(ONLINE, directory=tmp_path) as server:
        repository, kept, gone, digests = two_images(server)
        wait_for("the collector", lambda: not digests & set(files(server.root)), seconds=30)
        repository.assert_holds(kept, "kept")
        # What went comes back by a push like any other, and stays as long as it is tagged.
        repository.push(gone, "again")
        time.sleep(1.5)
        repository.assert_holds(gone, "again")
        repository.delete_manifest("again").expect(202)
        wait_for("the untagged manifest to go", lambda: repository.get_manifest(gone.digest, accept=content.ANY).status == 404, seconds=30)
        wait_for("its layers to go", lambda: not digests & set(files(server.root)), seconds=30)
        repository.assert_holds(kept, "kept")
        repository.delete_manifest(kept.digest).expect(202)
        wait_for("the last one to go", lambda: files(server.root) == {}, seconds=30)
        assert server.client.get("/v2/_catalog").json["repositories"] == []


def test_a_removal_that_was_cut_off_is_finished(tmp_path):
    """kill -9 while the collector is at work, again and again: nothing that is tagged is touched, and in the end nothing else is left."""
    server = Server(ONLINE, directory=tmp_path)
    try:
        server.start()
        repository = Repository(server.client, "gc/kill")
        kept = repository.push(content.image(), "kept")
        for number in range(8):
            for _ in range(6):
                gone = repository.push(content.image([content.layer(size=3000) for _ in range(4)]), "gone")
            repository.delete_manifest(gone.digest).expect(202)
            time.sleep(1.0 + number / 20)  # about when the promises end
            server.kill()
            server.start()
            repository = Repository(server.client, "gc/kill")
            repository.assert_holds(kept, "kept")
        expected = {kept.digest, *(blob.digest for blob in kept.blobs)}
        wait_for("everything else to go", lambda: set(files(server.root)) == expected, seconds=60)
        repository.assert_holds(kept, "kept")
        server.stop()
    finally:
        server.kill()


def test_a_read_only_registry_collects_nothing(tmp_path):
    with berth_server(BY_HAND, directory=tmp_path) as server:
        two_images(server)
        time.sleep(1.1)
        server.stop()
    read_only = {**BY_HAND, "storage": {"maintenance": {"readonly": {"enabled": True}}}, "gc": {**ONLINE["gc"], "enabled": True}}
    with berth_server(read_only, directory=tmp_path) as server:
        before = files(server.root)
        refused = said(registry(), "garbage-collect", server.config_path, code=1)
        assert "failed to garbage collect: " in refused.stderr and "read-only" in refused.stderr
        assert eligible_bytes(said(registry(), "garbage-collect", "-d", server.config_path).stdout) > 0
        time.sleep(0.5)
        assert files(server.root) == before


def test_quiet_json_and_wrong_flags(tmp_path):
    with berth_server(BY_HAND, directory=tmp_path) as server:
        _, _, _, gone = two_images(server)
        time.sleep(1.1)
        lines = [json.loads(line) for line in said(program(), "garbage-collect", "--dry-run", "--json", server.config_path).stdout.splitlines()]
        assert {line["digest"] for line in lines[:-1] if line["kind"] == "blob"} == gone
        assert lines[-1]["blobs"] == len(gone) and lines[-1]["dry_run"] is True
        quiet = said(registry(), "garbage-collect", "-q", "-m", server.config_path)
        assert quiet.stdout == "" and quiet.stderr == ""
    assert "unknown flag" in said(registry(), "garbage-collect", "--nonsense", server.config_path, code=1).stderr
    assert said(registry(), "garbage-collect", tmp_path / "none.yml", code=1).stderr.strip()


def test_explain(tmp_path):
    with berth_server(BY_HAND, directory=tmp_path) as server:
        repository, kept, gone, _ = two_images(server)
        layer = kept.blobs[1].digest
        told = said(program(), "explain", layer, "--config", server.config_path).stdout
        assert f"the manifest {repository.name}@{kept.digest}" in told and f"{repository.name} links it" in told
        told = said(program(), "explain", kept.digest, "--config", server.config_path).stdout
        assert f"the tag {repository.name}:kept" in told
        time.sleep(1.1)
        said(program(), "garbage-collect", "-q", server.config_path)
        told = said(program(), "explain", gone.digest, "--config", server.config_path).stdout
        assert "deleted by an anonymous client" in told and "as a blob" in told
        told = json.loads(said(program(), "explain", gone.blobs[2].digest, "--json", "--config", server.config_path).stdout)
        assert told["blob"] is None and told["removals"][0]["why"] == "no repository links it and no manifest names it"
        assert "digest" in said(program(), "explain", "nonsense", "--config", server.config_path, code=1).stderr


def test_what_is_pinned_stays(tmp_path):
    config = {**ONLINE, "retention": {"rules": [{"name": "all", "action": "delete", "state": "any", "older_than": "0s"}]}}
    with berth_server(config, directory=tmp_path) as server:
        def berth(*arguments, code=0):
            return said(program(), *arguments, "--config", server.config_path, code=code).stdout

        repository = Repository(server.client, "gc/app")
        production = repository.push(content.image([content.layer(size=900)]), "v1")
        passing = repository.push(content.image([content.layer(size=900)]), "v1-old")
        assert f"gc/app@{production.digest} is pinned" in berth("pin", "add", "gc/app:v1", "--why", "runs in production")
        listed = json.loads(berth("pin", "list", "--json"))
        assert [(pin["digest"], pin["why"]) for pin in listed] == [(production.digest, "runs in production")]
        assert "runs in production" in berth("pin", "list")
        repository.push(passing, "v1")  # moves on, and leaves the pinned one untagged
        time.sleep(1.2)
        decisions = {entry["tag"] or entry["digest"]: entry for entry in json.loads(berth("retention", "plan", "--format", "json"))["entries"]}
        assert decisions[production.digest]["decision"] == "protect" and "pinned" in decisions[production.digest]["why"]
        assert decisions["v1"]["decision"] == "delete"
        for tag in ("v1", "v1-old"):
            repository.delete_manifest(tag).expect(202)
        wait_for("the other one to go", lambda: repository.get_manifest(passing.digest).status == 404)
        repository.assert_holds(production, production.digest)
        assert "a pin in gc/app" in berth("explain", production.digest)
        berth("pin", "add", f"gc/app@{passing.digest}", code=1)
        assert "is not pinned any more" in berth("pin", "remove", f"gc/app@{production.digest}")
        wait_for("it to go, too", lambda: repository.get_manifest(production.digest).status == 404)
        berth("pin", "remove", f"gc/app@{production.digest}", code=1)


def test_skopeo_pushes_what_is_being_collected(tmp_path, skopeo):
    """A loop of push and delete by a real client, with the collector at its heels."""
    with berth_server(ONLINE, directory=tmp_path / "berth") as server:
        repository = Repository(server.client, "gc/source")
        repository.push(content.image([content.layer(size=30_000) for _ in range(3)]), "v1")
        layout = tmp_path / "layout"
        skopeo.copy(f"docker://{server.address}/gc/source:v1", f"oci:{layout}:v1")
        for _ in range(6):
            skopeo.copy(f"oci:{layout}:v1", f"docker://{server.address}/gc/target:v1")
            skopeo.copy(f"docker://{server.address}/gc/target:v1", f"dir:{tmp_path / 'pulled'}")
            skopeo("delete", "--tls-verify=false", f"docker://{server.address}/gc/target:v1")
            time.sleep(0.4)


class TestTrash:
    """What was deleted or moved by mistake comes back."""

    KEEPING = {"storage": {"delete": {"enabled": True}}, "gc": {"enabled": False, "promise": "1s"}, "trash": {"keep": "1h"}}

    def test_a_deleted_image_comes_back_after_a_collection(self, tmp_path):
        with berth_server(self.KEEPING, directory=tmp_path) as server:
            repository = Repository(server.client, "trash/app")
            index = repository.push(content.multi_arch(), "v1", "stable")
            signature = repository.push(content.artifact(subject=index))
            wait_for_copies(server, index, signature)
            before = files(server.root)
            repository.delete_manifest(index.digest).expect(202)
            time.sleep(1.1)
            done = said(program(), "garbage-collect", "-m", server.config_path)
            assert "rest in the trash" in done.stdout and "--empty-trash" in done.stdout
            assert files(server.root) == before, "the trash keeps all of it"
            repository.get_manifest("v1", accept=content.ANY).expect(404)
            for blob in index.children[0].blobs:
                repository.head_blob(blob.digest).expect(404)
            assert server.client.get("/v2/_catalog").json["repositories"] == []

            listed = json.loads(said(program(), "trash", "list", "--json", "--config", server.config_path).stdout)
            assert {entry["digest"] for entry in listed} == {index.digest, signature.digest, *(child.digest for child in index.children)}
            told = said(program(), "undo", "trash/app:v1", "--config", server.config_path).stdout
            assert f"trash/app:v1 names {index.digest} again" in told and "trash/app:stable is back" in told
            repository.assert_holds(index, "v1", "stable")
            repository.assert_holds(signature)
            assert [entry["digest"] for entry in repository.referrers(index.digest).json["manifests"]] == [signature.digest]
            assert said(program(), "trash", "list", "--config", server.config_path).stdout.count("\n") == 1

    def test_emptying_frees_exactly_what_was_foreseen(self, tmp_path):
        with berth_server(self.KEEPING, directory=tmp_path) as server:
            repository, kept, _, gone = two_images(server)
            time.sleep(1.1)
            said(program(), "garbage-collect", "-q", server.config_path)
            before = files(server.root)
            assert gone <= set(before)
            foreseen = said(program(), "garbage-collect", "--dry-run", "--empty-trash", server.config_path)
            assert eligible_bytes(foreseen.stdout) == sum(before[digest] for digest in gone)
            assert eligible_bytes(said(program(), "garbage-collect", "--dry-run", server.config_path).stdout) == 0
            said(program(), "trash", "empty", "--config", server.config_path)
            assert set(before) - set(files(server.root)) == gone
            repository.assert_holds(kept, "kept")

    def test_a_tag_has_a_history_and_its_last_change_can_be_undone(self, tmp_path):
        with berth_server(self.KEEPING, directory=tmp_path) as server:
            repository = Repository(server.client, "trash/tags")
            first = repository.push(content.image(), "v1")
            between = subprocess.run(["date", "-u", "+%Y-%m-%dT%H:%M:%S.%NZ"], text=True, stdout=subprocess.PIPE, check=True).stdout.strip()
            second = repository.push(content.image(), "v1")
            history = said(program(), "tag", "history", "trash/tags:v1", "--config", server.config_path).stdout.splitlines()
            assert len(history) == 3 and second.digest in history[1] and first.digest in history[2]
            at = said(program(), "tag", "history", "trash/tags:v1", "--at", between, "--config", server.config_path).stdout
            assert at.strip() == first.digest
            said(program(), "undo", "trash/tags:v1", "--config", server.config_path)
            assert repository.head_manifest("v1", accept=content.ANY)["Docker-Content-Digest"] == first.digest
            repository.delete_manifest("v1").expect(202)
            said(program(), "undo", "trash/tags:v1", "--config", server.config_path)
            repository.assert_holds(first, "v1")
            refused = said(program(), "undo", "trash/tags:never", "--config", server.config_path, code=1)
            assert "nothing is known of the tag" in refused.stderr
            assert "nothing of nonsense is in the trash" in said(program(), "undo", "nonsense", "--config", server.config_path, code=1).stderr

    def test_without_a_server(self, tmp_path):
        with berth_server(self.KEEPING, directory=tmp_path) as server:
            repository = Repository(server.client, "trash/alone")
            image = repository.push(content.image(), "v1")
            repository.delete_manifest(image.digest).expect(202)
            server.stop()
            said(program(), "undo", f"trash/alone@{image.digest}", "--config", server.config_path)
            server.start()
            Repository(server.client, repository.name).assert_holds(image, "v1")

    def test_the_trash_empties_itself_in_time(self, tmp_path):
        with berth_server({**ONLINE, "trash": {"keep": "2s"}}, directory=tmp_path) as server:
            repository, kept, _, gone = two_images(server)
            deleted = time.monotonic()
            wait_for("the trash's time to be over", lambda: not gone & set(files(server.root)), seconds=30)
            assert time.monotonic() - deleted > 1.5
            repository.assert_holds(kept, "kept")
