"""A full disk, a read-only directory, failing fsync, short writes (issue, "What it must show" 5): pushes fail with a clear
error, reads go on, and recovery needs no restart."""

import os
import pathlib
import shutil
import tempfile

import pytest

from harness import content
from harness.clients import need, run
from harness.content import digest_of, random_bytes
from harness.repository import Repository, with_query
from harness.server import Server, program
from harness.waiting import wait_for

NOBODY = 65534
MEGABYTE = 1_000_000


def need_root():
    assert os.geteuid() == 0, "this test mounts a small file system (or becomes another user), which only root can: run as root"


def refused(answer):
    """A failed push: a server error with OCI's envelope, so that a client shows its user a sentence."""
    assert 500 <= answer.status < 600, answer
    error = answer.json["errors"][0]
    assert error["code"] and error["message"], answer
    return answer


def attempts(server, repository, image):
    """Each way in, tried once; all must be refused and leave nothing that can be seen."""
    blob = random_bytes(2 * MEGABYTE)
    digest = digest_of(blob)
    refused(server.client.post(repository.path(f"blobs/uploads/?digest={digest}"), blob))
    begun = server.client.post(repository.path("blobs/uploads/"))
    if begun.status == 202:
        chunk = server.client.patch(begun["Location"], blob)
        if chunk.status == 202:
            refused(server.client.put(with_query(chunk["Location"], f"digest={digest}")))
        else:
            refused(chunk)
    else:
        refused(begun)
    refused(repository.put_manifest("broken", image.data, image.media_type))
    repository.head_blob(digest).expect(404)
    repository.get_manifest("broken").expect(404)


def reads(server, repository, image):
    repository.assert_holds(image, "v1")
    assert repository.tag_names() == ["v1"]
    assert repository.name in server.client.get("/v2/_catalog").expect(200).json["repositories"]
    layer = image.blobs[-1]
    assert repository.get_blob(layer.digest, range="bytes=5-9").expect(206).body == layer.data[5:10]


def recovered(server, repository):
    """A push works again, by the process that met the fault."""
    pid = server.process.pid
    image = content.image([content.layer(size=MEGABYTE)])

    def push():
        try:
            return repository.push(image, "after")
        except AssertionError:
            return None  # a look at the disk may be a second old

    wait_for("a push to work again", push, seconds=15, pause=0.2)
    repository.assert_holds(image, "after")
    assert server.process.pid == pid and server.process.poll() is None
    repository.delete_manifest("after").expect(202)


def prepared(server):
    """A stored image, and a second one whose parts are there and whose manifest is not."""
    repository = Repository(server.client, "faults/repo")
    stored = repository.push(content.image([content.layer(size=300_000)]), "v1")
    waiting = content.image()
    repository.push_parts(waiting)
    return repository, stored, waiting


@pytest.fixture
def small_disk(tmp_path):
    need_root()
    place = tmp_path / "small"
    place.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=48m", "berth-test", place)
    yield place
    run("umount", "-l", place)


CONFIG = {"storage": {"delete": {"enabled": True}}}


def test_a_disk_that_others_fill(tmp_path, small_disk):
    """Not a byte is left: even the database cannot grow."""
    server = Server(CONFIG, directory=tmp_path / "server", root=small_disk / "root")
    try:
        server.start()
        repository, stored, waiting = prepared(server)
        ballast = small_disk / "ballast"
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(bytes(65536))
                    file.flush()
            except OSError:
                pass
        # What is there already: until the disk is looked at again a push may still find room, and would be answered 201.
        wait_for("the full disk to be noticed", lambda: repository.put_manifest("v1", stored.data, stored.media_type).status >= 500, 10)
        attempts(server, repository, waiting)
        answer = server.client.post(repository.path(f"blobs/uploads/?digest={digest_of(b'x')}"), b"x")
        assert refused(answer).status == 507, answer
        reads(server, repository, stored)
        ballast.unlink()
        recovered(server, repository)
        repository.put_manifest("waited", waiting.data, waiting.media_type).expect(201)
        repository.assert_holds(waiting, "waited")
        server.stop()
    finally:
        server.kill()


def test_a_disk_that_pushes_fill(tmp_path, small_disk):
    """The watermark refuses pushes while there is still room for what must be written to stay alive."""
    server = Server(CONFIG, directory=tmp_path / "server", root=small_disk / "root")
    try:
        server.start()
        repository = Repository(server.client, "faults/repo")
        stored = []
        answer = None
        for number in range(60):
            blob = random_bytes(2 * MEGABYTE, seed=number)
            answer = server.client.post(repository.path(f"blobs/uploads/?digest={digest_of(blob)}"), blob)
            if answer.status != 201:
                break
            stored.append(digest_of(blob))
        assert refused(answer).status == 507, answer
        assert len(stored) >= 10, "a 48 MB disk takes more than that"
        assert shutil.disk_usage(small_disk).free > 0
        # Streamed, with no length told in advance: the disk is found full on the way.
        begun = server.client.post(repository.path("blobs/uploads/"))
        if begun.status == 202:
            streamed = server.client.patch(begun["Location"], (random_bytes(65536) for _ in range(400)))
            assert refused(streamed).status == 507, streamed
        for number, digest in enumerate(stored):
            assert repository.get_blob(digest).expect(200).body == random_bytes(2 * MEGABYTE, seed=number)
        # Nothing that failed still takes room: what is used is what is stored and little more.
        used = shutil.disk_usage(small_disk).used
        assert used < (len(stored) + 9) * 2 * MEGABYTE, f"{used} bytes for {len(stored)} blobs"
        server.stop()
        server.start()
        assert Repository(server.client, "faults/repo").get_blob(stored[0]).expect(200).body == random_bytes(2 * MEGABYTE, seed=0)
        server.stop()
    finally:
        server.kill()


def test_a_read_only_directory(tmp_path):
    """As an ordinary user, since nothing is read-only to root."""
    need_root()
    need("setpriv")
    place = pathlib.Path(tempfile.mkdtemp(prefix="berth-readonly-"))
    executable = place / os.path.basename(program())
    try:
        shutil.copy(program(), executable)
        os.chmod(place, 0o755)
        root = place / "root"
        root.mkdir()
        os.chown(root, NOBODY, NOBODY)
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        server = Server(CONFIG, directory=place, root=root, executable=str(executable), wrapper=user)
        try:
            server.start()
            repository, stored, waiting = prepared(server)
            directories = [path for path in [root, *root.rglob("*")] if path.is_dir()]
            for path in directories:
                os.chmod(path, 0o555)
            blob = random_bytes(100_000)
            refused(server.client.post(repository.path(f"blobs/uploads/?digest={digest_of(blob)}"), blob))
            repository.head_blob(digest_of(blob)).expect(404)
            reads(server, repository, stored)
            for path in directories:
                os.chmod(path, 0o755)
            recovered(server, repository)
            server.stop()
        finally:
            server.kill()
    finally:
        shutil.rmtree(place)


class Faults:
    """libfiu's remote control of one server."""

    def __init__(self, directory):
        need("fiu-run", "fiu-ctrl")
        # Named pipes: a short path, and one that no other run has.
        self.base = str(directory / "fiu")
        self.wrapper = ["fiu-run", "-x", "-f", self.base]
        self.server = None

    def control(self, command):
        run("fiu-ctrl", "-f", self.base, "-c", command, self.server.process.pid, timeout=20)


@pytest.fixture
def faulty(tmp_path):
    faults = Faults(tmp_path)
    server = Server(CONFIG, directory=tmp_path / "server", wrapper=faults.wrapper)
    faults.server = server
    server.start()
    yield server, faults
    server.kill()


@pytest.mark.parametrize("call", ["posix/io/sync/fdatasync", "posix/io/sync/fsync", "posix/io/sync/*"])
def test_failing_fsync(faulty, call):
    """What cannot be made durable is not acknowledged: fdatasync is each blob's and the database's, fsync the directories'."""
    server, faults = faulty
    repository, stored, waiting = prepared(server)
    faults.control(f"enable name={call}")
    blob = random_bytes(100_000)
    refused(server.client.post(repository.path(f"blobs/uploads/?digest={digest_of(blob)}"), blob))
    repository.head_blob(digest_of(blob)).expect(404)
    if call != "posix/io/sync/fsync":  # a manifest is in the database, which asks for fdatasync
        refused(repository.put_manifest("broken", waiting.data, waiting.media_type))
        repository.get_manifest("broken").expect(404)
    reads(server, repository, stored)
    faults.control(f"disable name={call}")
    recovered(server, repository)
    server.stop()


def test_failing_writes(faulty):
    server, faults = faulty
    call = "posix/io/rw/pwrite"
    repository, stored, waiting = prepared(server)
    faults.control(f"enable name={call}")
    blob = random_bytes(100_000)
    refused(server.client.post(repository.path(f"blobs/uploads/?digest={digest_of(blob)}"), blob))
    repository.head_blob(digest_of(blob)).expect(404)
    reads(server, repository, stored)
    faults.control(f"disable name={call}")
    recovered(server, repository)
    server.stop()


def test_writes_that_fail_by_chance(faulty):
    """Each push is either acknowledged and there, or refused with an error; afterwards everything works."""
    server, faults = faulty
    repository, stored, _ = prepared(server)
    # A push makes some fifteen such calls, the database's among them: about half of the pushes come through.
    faults.control("enable_random name=posix/io/rw/pwrite,probability=0.05")
    faults.control("enable_random name=posix/io/sync/fdatasync,probability=0.05")
    kept, failed = [], 0
    for _ in range(60):
        blob = random_bytes(50_000)
        answer = server.client.post(repository.path(f"blobs/uploads/?digest={digest_of(blob)}"), blob)
        if answer.status == 201:
            kept.append(blob)
        else:
            refused(answer)
            failed += 1
    assert failed > 0 and kept, "the faults must bite, and not always"
    faults.control("disable name=posix/io/rw/pwrite")
    faults.control("disable name=posix/io/sync/fdatasync")
    for blob in kept:
        assert repository.get_blob(digest_of(blob)).expect(200).body == blob
    reads(server, repository, stored)
    recovered(server, repository)
    server.stop()


def test_short_writes(faulty):
    """A write that takes less than it was given is no error: the rest follows."""
    server, faults = faulty
    repository, stored, _ = prepared(server)
    faults.control("enable_random name=posix/io/rw/pwrite/reduce,probability=0.5")
    for number in range(10):
        image = repository.push(content.image([content.layer(size=400_000)]), f"short{number}")
        repository.assert_holds(image)
    faults.control("disable name=posix/io/rw/pwrite/reduce")
    repository.assert_holds(stored, "v1")
    server.stop()
