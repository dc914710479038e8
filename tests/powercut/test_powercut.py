"""After a power cut at any moment everything that was acknowledged is served, and nothing half-written is visible.

A load runs against the program with the recorder preloaded. Then the recorded operations are replayed on a model of the
disk, cut at many points ($BERTH_POWERCUT_POINTS, 500), and the program is started on what each cut leaves. `kill -9`
cannot show this: it keeps the page cache, and with it all that was never synced.
"""

import os
import re

import pytest
from collected_load import run_collected_load
from disk import Disk, Nothing
from harness.server import Server
from history import History
from images import real_tree, tree
from load import run_load
from oplog import Kind, read_log
from recorder import environment
from replay import CONFIG, Cut, Recording, choose_cuts, is_directory_sync, replay

POINTS = int(os.environ.get("BERTH_POWERCUT_POINTS", "500"))
SEED = int(os.environ.get("BERTH_POWERCUT_SEED", "20240229"))
# Fewer are needed to notice that something is always lost.
MUTANT_POINTS = 40
COLLECTED_POINTS = POINTS // 5
COLLECTED_SECONDS = 8
# Small, so that the load goes through checkpoints of the log and of long uploads.
COLLECTING = {"gc": {"grace": "0s", "promise": "1s", "interval": "20ms", "pace": {"deletions": 0}}, "trash": {"keep": "0s"}}
SMALL = {"metadata": {"sqlite": {"walsize": "1MiB"}}, "limits": {"checkpointsize": "1MiB"}}


def record(directory, *, rounds: int, starts: int = 1, drop_syncs: bool = False) -> Recording:
    def load(server, history, start):
        run_load(server.http, history, seed=SEED + start, rounds=rounds)

    return record_load(directory, load, SMALL, starts=starts, drop_syncs=drop_syncs)


def record_load(directory, load, config, *, starts: int = 1, drop_syncs: bool = False) -> Recording:
    root = directory / "root"
    root.mkdir()
    history = History()
    for start in range(starts):
        server = Server({**CONFIG, **config}, directory=directory / "server", root=root,
                        env=environment(root, directory / "log", drop_syncs=drop_syncs))
        try:
            server.start()
            load(server, history, start)
            server.stop()
        except BaseException:
            print(server.log[-4000:])
            raise
        finally:
            server.kill()
    return Recording(read_log(directory / "log"), history, root.resolve())


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Two runs of the program on one root, each ended in order: the second begins with what the first left."""
    return record(tmp_path_factory.mktemp("load"), rounds=20, starts=2)


def test_the_recorder_missed_nothing(recording):
    disk = Disk(str(recording.root))
    for operation in recording.operations:
        disk.apply(operation)
    assert tree(disk.root) == real_tree(recording.root)


def test_everything_acknowledged_survives_a_power_cut(recording, tmp_path):
    report = replay(recording, choose_cuts(recording, POINTS, SEED), tmp_path)
    print(f"{report.cuts} cuts of {len(recording.operations)} operations, {report.demanded} things demanded")
    assert report.violations == []
    assert report.cuts == POINTS
    assert report.demanded > 20 * POINTS


# Each kind of sync is needed: taken away, the test must notice. So it would notice a program that leaves one out.
MUTANTS = {
    "all syncs": lambda disk, operation: True,
    "syncs of files": lambda disk, operation: not is_directory_sync(disk, operation),
    "syncs of directories": is_directory_sync,
    "syncs of the metadata's log": lambda disk, operation: disk.opened_path(operation.fd).endswith("-wal"),
    "syncs of uploads": lambda disk, operation: disk.opened_path(operation.fd).startswith("berth/uploads/"),
    "syncs of the directory of uploads": lambda disk, operation: disk.opened_path(operation.fd) == "berth/uploads",
    "syncs of a blob's own directory": lambda disk, operation: bool(
        re.fullmatch(r"docker/registry/v2/blobs/\w+/../\w{64,}", disk.opened_path(operation.fd))),
    "syncs of prefix directories": lambda disk, operation: bool(
        re.fullmatch(r"docker/registry/v2/blobs/\w+/..", disk.opened_path(operation.fd))),
    "syncs of the directory of prefixes": lambda disk, operation: bool(
        re.fullmatch(r"docker/registry/v2/blobs/\w+", disk.opened_path(operation.fd))),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_missing_kind_of_sync_is_noticed(recording, tmp_path, mutant):
    is_dropped = MUTANTS[mutant]
    cuts = [Cut(cut.at, Nothing(), "only what was synced") for cut in choose_cuts(recording, MUTANT_POINTS, SEED)]
    report = replay(recording, cuts, tmp_path, stop_at_violation=True,
                    is_honoured=lambda disk, operation: not is_dropped(disk, operation))
    print(report.violations[:1])
    assert report.violations, f"without {mutant} nothing was lost: the test does not see them"


def test_a_program_that_does_not_sync_fails(tmp_path):
    unsafe = record(tmp_path, rounds=5, drop_syncs=True)
    assert not [operation for operation in unsafe.operations if operation.kind is Kind.SYNC_END]
    cuts = [Cut(cut.at, Nothing(), "only what was synced") for cut in choose_cuts(unsafe, 10, SEED)]
    report = replay(unsafe, cuts, tmp_path, stop_at_violation=True)
    assert report.violations


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """What was deleted is removed, and pushed again, all the time."""
    def load(server, history, start):
        run_collected_load(server.http, history, seed=SEED + start, seconds=COLLECTED_SECONDS)

    recording = record_load(tmp_path_factory.mktemp("collected"), load, COLLECTING)
    removed = [operation for operation in recording.operations if operation.kind is Kind.UNLINK and "/blobs/" in operation.path]
    print(f"{len(removed)} removals")
    assert len(removed) > 20, "the collector removed too little to learn from"
    return recording


def test_what_was_removed_is_not_promised_after_a_power_cut(collected, tmp_path):
    """Bytes go only when the marking of their record is on the disk: else a client is told that they are there, and does not send
    them again."""
    report = replay(collected, choose_cuts(collected, COLLECTED_POINTS, SEED), tmp_path)
    print(f"{report.cuts} cuts of {len(collected.operations)} operations, {report.demanded} things demanded")
    assert report.violations == []
    assert report.cuts == COLLECTED_POINTS
    assert report.demanded > 5 * COLLECTED_POINTS


def test_a_removal_before_its_record_is_durable_is_noticed(collected, tmp_path):
    cuts = [Cut(cut.at, Nothing(), "only what was synced") for cut in choose_cuts(collected, MUTANT_POINTS, SEED)]
    is_dropped = MUTANTS["syncs of the metadata's log"]
    report = replay(collected, cuts, tmp_path, is_honoured=lambda disk, operation: not is_dropped(disk, operation))
    assert any("HEAD says that it is there" in text for text in report.violations), report.violations[:3]
