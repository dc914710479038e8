"""The recorder sees what a program does: its log, replayed, gives the directory that the program left."""

import os
import subprocess
import sys
import textwrap
import time

from disk import Disk, Nothing
from images import ImageMaker, real_tree, tree
from oplog import Kind, read_log
from recorder import environment


def record(tmp_path, script: str, **options) -> list:
    """Runs Python code with the recorder on tmp_path/root, in which it starts."""
    root = tmp_path / "root"
    root.mkdir()
    log = tmp_path / "log"
    subprocess.run([sys.executable, "-c", "import os\n" + textwrap.dedent(script)], check=True, cwd=root,
                   env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment(root, log, **options)})
    start, *operations = read_log(log)
    assert start.kind is Kind.START
    return operations


def replayed(tmp_path, operations) -> Disk:
    disk = Disk(str((tmp_path / "root").resolve()))
    for operation in operations:
        disk.apply(operation)
    return disk


EVERYTHING = """
    os.mkdir("d"); os.mkdir(os.path.abspath("d/e"))
    fd = os.open("d/e/a", os.O_RDWR | os.O_CREAT)
    os.write(fd, b"one "); os.write(fd, b"two "); os.pwrite(fd, b"ONE", 0); os.writev(fd, [b"three ", b"four"])
    os.pwritev(fd, [b"th", b"REE"], 8); os.ftruncate(fd, 16)
    os.fsync(fd); os.close(fd)
    fd = os.open("d/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, b"line 1\\n"); os.write(fd, b"line 2\\n"); os.fdatasync(fd)
    os.rename("d/log", "d/e/log"); os.write(fd, b"line 3\\n"); os.close(fd)
    os.link("d/e/log", "link"); os.unlink("d/e/log")
    directory = os.open("d", os.O_RDONLY | os.O_DIRECTORY)
    fd = os.open("relative", os.O_RDWR | os.O_CREAT, dir_fd=directory); os.write(fd, b"r" * 100_000)
    os.posix_fallocate(fd, 0, 100_010); os.truncate("d/relative", 99_999); os.close(fd)
    os.mkdir("made", dir_fd=directory); os.rename("relative", "made/moved", src_dir_fd=directory, dst_dir_fd=directory)
    os.fsync(directory); os.listdir(directory); os.close(directory)
    os.mkdir("gone"); os.rmdir("gone"); os.listdir(".")
    fd = os.open("d/e/a", os.O_WRONLY | os.O_TRUNC); os.write(fd, b"again"); os.close(fd)
    fd = os.open("unlinked", os.O_WRONLY | os.O_CREAT); os.unlink("unlinked"); os.write(fd, b"nobody sees this"); os.close(fd)
"""


def test_replaying_gives_the_directory_that_the_program_left(tmp_path):
    disk = replayed(tmp_path, record(tmp_path, EVERYTHING))
    found = real_tree(tmp_path / "root")
    assert tree(disk.root) == found
    assert found["d/e/a"] == b"again" and found["link"] == b"line 1\nline 2\nline 3\n"
    assert len(found["d/made/moved"]) == 99_999


def test_only_what_was_synced_is_durable(tmp_path):
    operations = record(tmp_path, """
        fd = os.open("kept", os.O_WRONLY | os.O_CREAT); os.write(fd, b"kept"); os.fsync(fd); os.write(fd, b" lost")
        root = os.open(".", os.O_RDONLY); os.fsync(root); os.close(root)
        fd = os.open("lost", os.O_WRONLY | os.O_CREAT); os.write(fd, b"lost"); os.fsync(fd)
    """)
    ImageMaker(replayed(tmp_path, operations), tmp_path / "pool").make(tmp_path / "image", Nothing())
    assert real_tree(tmp_path / "image") == {"kept": b"kept"}


def test_syncs_can_be_dropped(tmp_path):
    operations = record(tmp_path, """
        fd = os.open("a", os.O_WRONLY | os.O_CREAT); os.write(fd, b"bytes"); os.fsync(fd); os.fdatasync(fd)
        root = os.open(".", os.O_RDONLY); os.fsync(root)
    """, drop_syncs=True)
    assert not [operation for operation in operations if operation.kind in (Kind.SYNC_BEGIN, Kind.SYNC_END)]
    ImageMaker(replayed(tmp_path, operations), tmp_path / "pool").make(tmp_path / "image", Nothing())
    assert real_tree(tmp_path / "image") == {}


def test_other_directories_are_not_recorded(tmp_path):
    (tmp_path / "rootless").mkdir()
    operations = record(tmp_path, f"""
        fd = os.open("{tmp_path}/rootless/a", os.O_WRONLY | os.O_CREAT); os.write(fd, b"bytes"); os.fsync(fd)
        os.rename("{tmp_path}/rootless/a", "{tmp_path}/rootless/b")
    """)
    assert operations == []


def test_a_descriptor_of_the_root_used_again_elsewhere_is_not_recorded(tmp_path):
    operations = record(tmp_path, """
        first = os.open("a", os.O_WRONLY | os.O_CREAT); os.close(first)
        second, other = os.pipe()
        assert second == first
        os.write(other, b"not a file")
    """)
    assert [operation.kind for operation in operations] == [Kind.OPEN, Kind.CLOSE]


def test_what_failed_is_not_recorded(tmp_path):
    operations = record(tmp_path, """
        for attempt in (lambda: os.mkdir("no/d"), lambda: os.unlink("no"), lambda: os.rename("no", "on"),
                        lambda: os.open("no", os.O_RDONLY)):
            try:
                attempt()
                raise SystemExit("it went well")
            except OSError:
                pass
    """)
    assert operations == []


def test_moving_into_the_root_cannot_be_replayed(tmp_path):
    (tmp_path / "outside").write_bytes(b"x")
    operations = record(tmp_path, f'os.rename("{tmp_path}/outside", "inside")')
    assert [operation.kind for operation in operations] == [Kind.UNSUPPORTED]


def test_stamps_are_of_the_clock_that_the_load_uses(tmp_path):
    before = time.monotonic_ns()
    operations = record(tmp_path, EVERYTHING)
    stamps = [operation.stamp_ns for operation in operations]
    assert before < stamps[0] and stamps[-1] < time.monotonic_ns()
    assert stamps == sorted(stamps)


def test_threads_are_recorded_in_one_order(tmp_path):
    operations = record(tmp_path, """
        import threading
        def work(number):
            for turn in range(50):
                path = f"{number}-{turn}"
                fd = os.open(path, os.O_WRONLY | os.O_CREAT); os.write(fd, path.encode()); os.fsync(fd); os.close(fd)
                os.rename(path, f"done-{path}")
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        [thread.start() for thread in threads]; [thread.join() for thread in threads]
    """)
    disk = replayed(tmp_path, operations)
    assert tree(disk.root) == real_tree(tmp_path / "root")
    assert len(disk.root.current) == 200
