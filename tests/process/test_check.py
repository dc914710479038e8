"""Damage on the disk, found and healed: beside a serving Berth and without one, by hand and in the background."""

import hashlib
import json
import os
import pathlib
import pty
import subprocess
import time

import pytest

from harness import content
from harness.repository import Repository
from harness.server import Server, berth_server, program
from harness.waiting import wait_for

BESIDE_AND_ALONE = pytest.mark.parametrize("beside", [True, False], ids=["beside a serving Berth", "alone"])
AT_ONCE = {"gc": {"enabled": False, "grace": "0s"}}


def path_of(root: pathlib.Path, digest: str) -> pathlib.Path:
    algorithm, hexadecimal = digest.split(":")
    return root / "docker" / "registry" / "v2" / "blobs" / algorithm / hexadecimal[:2] / hexadecimal / "data"


def check(server: Server, *flags, code=0):
    result = subprocess.run([program(), "check", str(server.config_path), *flags], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            timeout=120)
    assert result.returncode == code, f"check {flags} ended with {result.returncode}\n{result.stdout}{result.stderr}"
    return result


def findings(server: Server, *flags, code=0) -> tuple:
    """(findings by digest or path, summary)"""
    lines = [json.loads(line) for line in check(server, "--json", *flags, code=code).stdout.splitlines()]
    return {each["digest"] or each["path"]: each for each in lines[:-1]}, lines[-1]


def flip_a_byte(path: pathlib.Path) -> bytes:
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0x10
    path.write_bytes(damaged)
    return bytes(damaged)


def place_orphan(root: pathlib.Path, data: bytes = b"nobody pushed this") -> pathlib.Path:
    path = path_of(root, content.digest_of(data))
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def pushed(server: Server, name="check/app"):
    """An image of three layers whose copy lies among the blobs."""
    image = content.image([content.layer(size=size) for size in (300_000, 2000, 1000)])
    repository = Repository(server.client, name)
    repository.push(image, "v1")
    wait_for("the manifest's copy", lambda: path_of(server.root, image.digest).exists())
    return repository, image


def end_unless(beside: bool, server: Server) -> None:
    if not beside:
        server.stop()


def again(server: Server, repository: Repository) -> Repository:
    if server.process is None:
        server.start()
    return Repository(server.client, repository.name)


@BESIDE_AND_ALONE
def test_all_is_well(tmp_path, beside):
    with berth_server(directory=tmp_path) as server:
        _, image = pushed(server)
        end_unless(beside, server)
        said = check(server).stdout
        assert "all is well" in said and f"{len(image.blobs) + 1} blobs checked" in said
        assert check(server, "--fast").stdout.count("all is well") == 1
        assert check(server, "-q").stdout == ""
        found, summary = findings(server)
        assert not found and summary["bytes"] == summary["bytes_total"] == sum(len(each.data) for each in (image, *image.blobs))


@BESIDE_AND_ALONE
def test_damage_of_every_kind(tmp_path, beside):
    with berth_server(directory=tmp_path) as server:
        repository, image = pushed(server)
        flipped, truncated, deleted = image.blobs[-3:]
        for blob in image.blobs:
            repository.get_blob(blob.digest).expect(200)
        end_unless(beside, server)
        damaged = flip_a_byte(path_of(server.root, flipped.digest))
        os.truncate(path_of(server.root, truncated.digest), len(truncated.data) - 1)
        path_of(server.root, deleted.digest).unlink()
        orphan = place_orphan(server.root)
        foreign = server.root / "docker" / "registry" / "v2" / "blobs" / "sha256" / "notes.txt"
        foreign.write_text("mine")

        people = check(server, code=1).stdout
        for digest in (flipped.digest, truncated.digest, deleted.digest):
            assert digest in people
        assert people.count("image  check/app:v1") == 3
        assert f"{len(truncated.data) - 1} bytes instead of {len(truncated.data)}" in people
        assert "5 found, 0 mended" in people

        quarantine = server.root / "berth" / "quarantine"
        assert (quarantine / flipped.digest.replace(":", "-")).read_bytes() == damaged
        assert sorted(path.name for path in quarantine.iterdir()) == sorted(each.digest.replace(":", "-") for each in (flipped, truncated))
        assert foreign.read_text() == "mine" and orphan.exists()

        repository = again(server, repository)
        for blob in (flipped, truncated, deleted):
            repository.get_blob(blob.digest).expect(404)
            repository.head_blob(blob.digest).expect(404)
        if beside:
            assert server.log.count("check/app:v1") >= 3, "the log names the images"

        # Whoever pushes the image again heals it, as clients do: what answers 404 to HEAD is sent.
        repository.push(image, "v1")
        repository.assert_holds(image, "v1")
        end_unless(beside, server)
        found, summary = findings(server, code=1)
        assert {each["kind"] for each in found.values()} == {"orphan", "unknown_file"} and summary["standing"] == 2
        foreign.unlink()
        orphan.unlink()
        findings(server)


def test_a_fast_check_reads_no_bytes(tmp_path):
    with berth_server(directory=tmp_path) as server:
        _, image = pushed(server)
        flipped, truncated = image.blobs[-2:]
        flip_a_byte(path_of(server.root, flipped.digest))
        os.truncate(path_of(server.root, truncated.digest), 5)
        found, summary = findings(server, "--fast", code=1)
        assert list(found) == [truncated.digest] and summary["fast"]
        found, _ = findings(server, code=1)
        assert found[flipped.digest]["kind"] == "damaged" and found[truncated.digest]["kind"] == "missing"


def test_damage_in_what_is_kept_ready_is_not_served_on(tmp_path):
    """A small blob that was pulled often is answered from memory: after the check the answer is 404 all the same."""
    with berth_server(directory=tmp_path) as server:
        repository, image = pushed(server)
        small = image.blobs[-1]
        for _ in range(5):
            repository.get_blob(small.digest).expect(200)
        flip_a_byte(path_of(server.root, small.digest))
        check(server, code=1)
        repository.get_blob(small.digest).expect(404)


@BESIDE_AND_ALONE
def test_repair(tmp_path, beside):
    with berth_server(AT_ONCE, directory=tmp_path) as server:
        repository, image = pushed(server)
        end_unless(beside, server)
        orphan = place_orphan(server.root)
        flip_a_byte(path_of(server.root, image.digest))
        found, summary = findings(server, code=1)
        assert summary["standing"] == 2 and orphan.exists()
        said = check(server, "--repair").stdout
        assert "mended orphan" in said and "mended missing" in said and "0 mended" not in said
        assert not orphan.exists()
        assert path_of(server.root, image.digest).read_bytes() == image.data
        findings(server)
        again(server, repository).assert_holds(image, "v1")


def test_an_orphan_stays_for_a_grace(tmp_path):
    with berth_server({"gc": {"enabled": False, "grace": "3s"}}, directory=tmp_path) as server:
        pushed(server)
        orphan = place_orphan(server.root)
        begun = time.monotonic()
        found, _ = findings(server, "--repair", code=1)
        assert [each["kind"] for each in found.values()] == ["orphan"] and "--repair removes it from" in list(found.values())[0]["what"]
        assert orphan.exists()
        time.sleep(max(0.0, 3.1 - (time.monotonic() - begun)))
        found, _ = findings(server, "--repair")
        assert all(each["mended"] for each in found.values()) and not orphan.exists()


def test_an_orphan_that_is_pushed_stays(tmp_path):
    with berth_server(AT_ONCE, directory=tmp_path) as server:
        repository, _ = pushed(server)
        data = content.random_bytes(5000)
        location = repository.start_upload()["Location"]
        repository.client.patch(location, data, content_type="application/octet-stream").expect(202)
        path = place_orphan(server.root, data)
        findings(server, code=1)
        repository.finish_upload(location, content.digest_of(data)).expect(201)
        assert path.exists()
        findings(server, "--repair")
        assert repository.get_blob(content.digest_of(data)).expect(200).body == data


@BESIDE_AND_ALONE
def test_a_read_only_registry_is_only_reported_on(tmp_path, beside):
    with berth_server(directory=tmp_path / "first") as server:
        _, image = pushed(server)
        root = server.root
        server.stop()
        with berth_server({"storage": {"maintenance": {"readonly": {"enabled": True}}}}, directory=tmp_path / "second", root=root) as frozen:
            end_unless(beside, frozen)
            layer = image.blobs[-1]
            damaged = flip_a_byte(path_of(root, layer.digest))
            assert "read-only" in check(frozen, "--repair", code=1).stderr
            found, _ = findings(frozen, code=1)
            assert found[layer.digest]["kind"] == "damaged" and "read-only" in found[layer.digest]["what"]
            assert path_of(root, layer.digest).read_bytes() == damaged
            assert not (root / "berth" / "quarantine").exists()


def test_pushes_and_pulls_go_on_beside_it(tmp_path):
    """A slow check of a damaged registry, while the damaged blobs are pushed anew: whatever comes first, all is whole in the end."""
    with berth_server(directory=tmp_path) as server:
        repository, image = pushed(server)
        for blob in image.blobs:
            flip_a_byte(path_of(server.root, blob.digest))
        running = subprocess.Popen([program(), "check", str(server.config_path), "--rate", "50KiB"], stdout=subprocess.DEVNULL)
        wait_for("its begin", lambda: (server.root / "berth" / "quarantine").exists(), seconds=30)
        for blob in image.blobs:
            repository.push_blob(blob.data)
            assert repository.get_blob(blob.digest).expect(200).body == blob.data
        assert "under way" in check(server, code=1).stderr
        assert running.wait(60) in (0, 1)
        repository.assert_holds(image, "v1")
        findings(server)


def test_it_ends_with_the_server(tmp_path):
    with berth_server(directory=tmp_path) as server:
        pushed(server)
        running = subprocess.Popen([program(), "check", str(server.config_path), "--rate", "10KiB"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        time.sleep(0.5)
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 5
        running.communicate(timeout=60)
        assert running.returncode == 1


def test_a_bar_on_a_terminal(tmp_path):
    with berth_server(directory=tmp_path) as server:
        pushed(server)
        terminal, theirs = pty.openpty()
        with subprocess.Popen([program(), "check", str(server.config_path), "--rate", "300KiB"], stdout=subprocess.PIPE, stderr=theirs) as running:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    piece = os.read(terminal, 4096)
                except OSError:
                    break
                if not piece:
                    break
                shown += piece
            assert running.wait(60) == 0
        os.close(terminal)
        assert b"[#" in shown and b" KiB of " in shown and b"%" in shown
        assert check(server, "--rate", "300KiB").stderr == "", "only on a terminal"
        assert "is not a size" in check(server, "--rate", "fast", code=1).stderr


def test_in_the_background(tmp_path):
    config = {"scrub": {"enabled": True, "interval": "1s", "rate": 0}}
    with berth_server(config, directory=tmp_path) as server:
        repository, image = pushed(server)
        layer = image.blobs[-1]
        damaged = flip_a_byte(path_of(server.root, layer.digest))
        wait_for("the scrub", lambda: repository.head_blob(layer.digest).status == 404, seconds=30)
        # The record says missing first, then the file is moved and named.
        wait_for("the log to name it", lambda: "check: damaged" in server.log, seconds=30)
        place = server.root / "berth" / "quarantine" / layer.digest.replace(":", "-")
        assert hashlib.sha256(place.read_bytes()).hexdigest() == hashlib.sha256(damaged).hexdigest()
        assert "check/app:v1" in server.log
        repository.push(image, "v1")
        repository.assert_holds(image, "v1")
