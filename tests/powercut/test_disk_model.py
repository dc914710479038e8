"""The model keeps exactly what was synced."""

import os

import pytest
from disk import Choice, Disk, Everything, Nothing, Some, UpTo
from images import ImageMaker, real_tree, tree
from oplog import Kind, Operation

ROOT = "/r"


class Program:
    """Writes operations as a program would do them."""

    def __init__(self):
        self.disk = Disk(ROOT)
        self._syncs = 0
        self._fds = 100

    def do(self, kind: Kind, **fields) -> None:
        self.disk.apply(Operation(kind, **fields))

    def open(self, path: str, flags: int = os.O_CREAT) -> int:
        self._fds += 1
        self.do(Kind.OPEN, path=f"{ROOT}/{path}" if path else ROOT, fd=self._fds, number=flags)
        return self._fds

    def write(self, fd: int, data: bytes, offset: int = 0) -> None:
        self.do(Kind.WRITE, fd=fd, number=offset, data=data)

    def begin_sync(self, fd: int) -> int:
        self._syncs += 1
        self.do(Kind.SYNC_BEGIN, fd=fd, number=self._syncs)
        return self._syncs

    def end_sync(self, number: int) -> None:
        self.do(Kind.SYNC_END, number=number)

    def sync(self, fd: int) -> None:
        self.end_sync(self.begin_sync(fd))

    def sync_directory(self, path: str = "") -> None:
        self.sync(self.open(path, os.O_DIRECTORY))

    def make(self, path: str, data: bytes = b"x") -> int:
        fd = self.open(path)
        self.write(fd, data)
        return fd


@pytest.fixture
def program():
    return Program()


@pytest.fixture
def image(program, tmp_path):
    maker = ImageMaker(program.disk, tmp_path / "pool")
    numbers = iter(range(1000))

    def make(choice: Choice = Nothing()) -> dict:
        target = tmp_path / f"image{next(numbers)}"
        maker.make(target, choice)
        return real_tree(target)

    return make


def test_nothing_is_there_that_was_not_synced(program, image):
    program.make("a", b"bytes")
    assert image() == {}
    assert image(Everything()) == {"a": b"bytes"}


def test_a_file_needs_its_bytes_and_its_name_synced(program, image):
    fd = program.make("a", b"bytes")
    program.sync(fd)
    assert image() == {}
    program.sync_directory()
    assert image() == {"a": b"bytes"}


def test_a_name_without_synced_bytes_is_an_empty_file(program, image):
    program.make("a", b"bytes")
    program.sync_directory()
    assert image() == {"a": b""}


def test_bytes_written_after_a_sync_are_not_covered(program, image):
    fd = program.make("a", b"12345")
    program.sync_directory()
    program.sync(fd)
    program.write(fd, b"67", offset=5)
    program.write(fd, b"X", offset=0)
    assert image() == {"a": b"12345"}
    assert image(Everything()) == {"a": b"X234567"}


def test_bytes_written_during_a_sync_are_not_covered(program, image):
    fd = program.make("a", b"1")
    program.sync_directory()
    sync = program.begin_sync(fd)
    program.write(fd, b"2", offset=1)
    assert image() == {"a": b""}
    program.end_sync(sync)
    assert image() == {"a": b"1"}


def test_syncs_side_by_side_each_cover_what_came_before_them(program, image):
    fd = program.make("a", b"1")
    program.sync_directory()
    first = program.begin_sync(fd)
    program.write(fd, b"2", offset=1)
    second = program.begin_sync(fd)
    program.end_sync(second)
    assert image() == {"a": b"12"}
    program.end_sync(first)
    assert image() == {"a": b"12"}


def test_a_cut_needs_a_sync_too(program, image):
    fd = program.make("a", b"12345")
    program.sync_directory()
    program.sync(fd)
    program.do(Kind.TRUNCATE, fd=fd, number=2)
    assert image() == {"a": b"12345"}
    assert image(Everything()) == {"a": b"12"}
    program.sync(fd)
    assert image() == {"a": b"12"}
    program.do(Kind.EXTEND, fd=fd, number=4)
    program.do(Kind.EXTEND, fd=fd, number=3)
    assert image(Everything()) == {"a": b"12\0\0"}


def test_opening_with_truncation_cuts(program, image):
    program.make("a", b"12345")
    program.open("a", os.O_CREAT | os.O_TRUNC)
    assert image(Everything()) == {"a": b""}


def test_the_halves_of_a_rename_are_synced_apart(program, image):
    program.do(Kind.MKDIR, path=f"{ROOT}/from")
    program.do(Kind.MKDIR, path=f"{ROOT}/to")
    program.sync_directory()
    program.sync(program.make("from/a", b"bytes"))
    program.sync_directory("from")
    program.do(Kind.RENAME, path=f"{ROOT}/from/a", second=f"{ROOT}/to/b")
    assert image() == {"from/": b"", "to/": b"", "from/a": b"bytes"}
    program.sync_directory("to")
    assert image() == {"from/": b"", "to/": b"", "from/a": b"bytes", "to/b": b"bytes"}
    program.sync_directory("from")
    assert image() == {"from/": b"", "to/": b"", "to/b": b"bytes"}


def test_a_rename_takes_the_place_of_what_was_there(program, image):
    program.sync(program.make("old", b"old"))
    program.sync(program.make("new", b"new"))
    program.sync_directory()
    program.do(Kind.RENAME, path=f"{ROOT}/new", second=f"{ROOT}/old")
    assert image() == {"old": b"old", "new": b"new"}
    program.sync_directory()
    assert image() == {"old": b"new"}


def test_a_directory_needs_its_own_entry_synced(program, image):
    program.do(Kind.MKDIR, path=f"{ROOT}/d")
    program.sync(program.make("d/a", b"bytes"))
    program.sync_directory("d")
    assert image() == {}
    program.sync_directory()
    assert image() == {"d/": b"", "d/a": b"bytes"}


def test_a_removal_needs_a_sync(program, image):
    program.sync(program.make("a", b"bytes"))
    program.sync_directory()
    program.do(Kind.UNLINK, path=f"{ROOT}/a")
    assert image() == {"a": b"bytes"}
    program.sync_directory()
    assert image() == {}


def test_a_file_made_again_is_another_file(program, image):
    old = program.make("a", b"old")
    program.sync(old)
    program.sync_directory()
    program.do(Kind.UNLINK, path=f"{ROOT}/a")
    program.make("a", b"new")
    program.write(old, b"OLD")
    assert image() == {"a": b"old"}
    assert image(Everything()) == {"a": b"new"}


def test_a_descriptor_follows_its_file_through_a_rename(program, image):
    fd = program.make("a", b"12")
    program.do(Kind.RENAME, path=f"{ROOT}/a", second=f"{ROOT}/b")
    program.write(fd, b"3", offset=2)
    program.sync(fd)
    program.sync_directory()
    assert image() == {"b": b"123"}


def test_some_of_the_rest_may_be_there(program, image):
    for number in range(40):
        program.make(f"f{number}", b"a" * 3)
    sizes = {len(image(Some(seed, 0.5))) for seed in range(20)}
    assert min(sizes) > 0 and max(sizes) < 40 and len(sizes) > 3
    contents = set(image(Some(1, 0.5)).values())
    assert contents == {b"", b"aaa"}
    assert image(Some(7, 0.5)) == image(Some(7, 0.5))


def test_long_writes_tear_at_blocks(program, image):
    fd = program.make("a", b"")
    program.sync_directory()
    program.write(fd, b"x" * 40_000, offset=100)
    torn = [image(Some(seed, 1.0))["a"] for seed in range(20)]
    assert any(len(content.rstrip(b"x")) > 100 or len(content) < 40_100 for content in torn)
    for content in torn:
        for start in range(0, len(content), 4096):
            assert len(set(content[max(start, 100):start + 4096])) <= 1, "a block is there whole or not at all"


def test_a_disk_in_order_is_some_operations_behind(program, image):
    program.make("a", b"1")
    program.make("b", b"2")
    seen = [image(UpTo(sequence)) for sequence in range(5)]
    assert seen == [{}, {"a": b""}, {"a": b"1"}, {"a": b"1", "b": b""}, {"a": b"1", "b": b"2"}]


def test_blobs_of_an_image_are_links_that_cost_nothing(program, tmp_path):
    program.sync(program.make("data", b"blob"))
    program.sync_directory()
    maker = ImageMaker(program.disk, tmp_path / "pool")
    for name in ("one", "two"):
        maker.make(tmp_path / name, Nothing())
        assert (tmp_path / name / "data").read_bytes() == b"blob"
    assert os.path.samefile(tmp_path / "one" / "data", tmp_path / "two" / "data")


def test_a_log_with_a_hole_is_noticed(program):
    with pytest.raises(AssertionError, match="misses something"):
        program.open("never made", os.O_RDWR)
    with pytest.raises(AssertionError, match="does not know"):
        program.do(Kind.UNSUPPORTED, path="symlink")


def test_the_tree_of_the_model_leaves_out_what_is_made_anew(program):
    program.make("db-shm", b"mapped")
    program.make("db", b"data")
    assert tree(program.disk.root) == {"db": b"data"}
