"""A model of a disk that keeps promises to the letter and does nothing beyond them.

What a file held is there after a power cut only up to the last sync of that file; a name in a directory was made,
replaced or removed for certain only up to the last sync of that directory. The two halves of a rename are two changes.
Everything later may be there or not, in any selection, and of a long write any of its blocks.
"""

import os
import random
from typing import Callable, Dict, Iterable, List, Optional, Union

from oplog import Kind, Operation

BLOCK_BYTES = 4096


class Choice:
    """Which of the changes that were not synced are on the disk all the same. Asked once for each change."""

    def keeps(self, sequence: int) -> bool:
        raise NotImplementedError

    def blocks(self, sequence: int, count: int) -> Iterable[int]:
        """Of a write that crosses blocks: which of them. Only asked if keeps()."""
        return range(count)


class Nothing(Choice):
    """Only what was synced."""

    def keeps(self, sequence: int) -> bool:
        return False


class Everything(Choice):
    """What the running program sees, and what `kill -9` leaves."""

    def keeps(self, sequence: int) -> bool:
        return True


class UpTo(Choice):
    """A disk that works in order and was some operations behind."""

    def __init__(self, last: int):
        self._last = last

    def keeps(self, sequence: int) -> bool:
        return sequence <= self._last


class Some(Choice):
    """A random selection, torn in the middle of writes."""

    def __init__(self, seed: int, chance: float):
        self._random = random.Random(seed)
        self._chance = chance

    def keeps(self, sequence: int) -> bool:
        return self._random.random() < self._chance

    def blocks(self, sequence: int, count: int) -> Iterable[int]:
        if self._random.random() < 0.5:
            return range(count)
        return [block for block in range(count) if self._random.random() < 0.5]


class File:
    def __init__(self) -> None:
        self.durable = bytearray()
        self.version = 0  # of the durable bytes
        self.pending: List[tuple] = []  # (sequence, offset, data), or (sequence, size, None): cut or extended to size
        self.synced_count = 0  # how many changes there were that are durable by now
        self.size = 0  # as the program sees it

    def change(self, sequence: int, number: int, data: Optional[bytes]) -> None:
        self.pending.append((sequence, number, data))
        self.size = max(self.size, number + len(data)) if data is not None else number

    def mark(self) -> int:
        return self.synced_count + len(self.pending)

    def sync(self, mark: int) -> None:
        count = mark - self.synced_count
        if count <= 0:
            return
        for _, number, data in self.pending[:count]:
            _apply(self.durable, number, data)
        del self.pending[:count]
        self.synced_count = mark
        self.version += 1

    def content(self, choice: Choice) -> bytes:
        content = bytearray(self.durable)
        for sequence, number, data in self.pending:
            if not choice.keeps(sequence):
                continue
            if data is None or len(data) <= BLOCK_BYTES:
                _apply(content, number, data)
                continue
            for start, end in _chosen_blocks(choice, sequence, number, len(data)):
                _apply(content, number + start, data[start:end])
        return bytes(content)


def _apply(content: bytearray, number: int, data: Optional[bytes]) -> None:
    target = number if data is None else number + len(data)
    if data is None and target < len(content):
        del content[target:]
    elif target > len(content):
        content.extend(bytes(target - len(content)))
    if data is not None:
        content[number:target] = data


def _chosen_blocks(choice: Choice, sequence: int, offset: int, length: int):
    first = offset // BLOCK_BYTES
    count = (offset + length - 1) // BLOCK_BYTES - first + 1
    for block in choice.blocks(sequence, count):
        start = max((first + block) * BLOCK_BYTES - offset, 0)
        end = min((first + block + 1) * BLOCK_BYTES - offset, length)
        yield start, end


class Directory:
    def __init__(self) -> None:
        self.durable: Dict[str, "Node"] = {}
        self.pending: List[tuple] = []  # (sequence, name, node or None)
        self.synced_count = 0
        self.current: Dict[str, "Node"] = {}

    def change(self, sequence: int, name: str, node: Optional["Node"]) -> None:
        self.pending.append((sequence, name, node))
        _set(self.current, name, node)

    def mark(self) -> int:
        return self.synced_count + len(self.pending)

    def sync(self, mark: int) -> None:
        count = mark - self.synced_count
        if count <= 0:
            return
        for _, name, node in self.pending[:count]:
            _set(self.durable, name, node)
        del self.pending[:count]
        self.synced_count = mark

    def entries(self, choice: Choice) -> Dict[str, "Node"]:
        entries = dict(self.durable)
        for sequence, name, node in self.pending:
            if choice.keeps(sequence):
                _set(entries, name, node)
        return entries


def _set(entries: Dict[str, "Node"], name: str, node: Optional["Node"]) -> None:
    if node is None:
        entries.pop(name, None)
    else:
        entries[name] = node


Node = Union[File, Directory]


class Disk:
    """Follows the operations of a log. The root is there and empty at the beginning."""

    def __init__(self, root: str):
        self.root = Directory()
        self._root_path = root
        self._open: Dict[int, Node] = {}
        self._opened_paths: Dict[int, str] = {}
        self._syncs: Dict[int, tuple] = {}
        self._sequence = 0

    def apply(self, operation: Operation) -> None:
        self._sequence += 1
        _HANDLERS[operation.kind](self, operation)

    def node(self, path: str) -> Optional[Node]:
        """What the running program finds at the absolute path."""
        node: Optional[Node] = self.root
        for part in self._parts(path):
            node = node.current.get(part) if isinstance(node, Directory) else None
        return node

    def opened(self, fd: int) -> Node:
        return self._open[fd]

    def opened_path(self, fd: int) -> str:
        """Where it was when it was opened, relative to the root."""
        return self._opened_paths[fd]

    def _parts(self, path: str) -> List[str]:
        assert path == self._root_path or path.startswith(self._root_path + "/"), path
        return [part for part in path[len(self._root_path):].split("/") if part]

    def _directory_of(self, path: str) -> tuple:
        parent, name = os.path.split(path)
        directory = self.node(parent)
        assert isinstance(directory, Directory), f"no directory for {path}: the log misses something"
        return directory, name

    def _enter(self, path: str, node: Optional[Node]) -> None:
        directory, name = self._directory_of(path)
        directory.change(self._sequence, name, node)

    def _on_open(self, operation: Operation) -> None:
        node = self.node(operation.path)
        if node is None:
            assert operation.number & os.O_CREAT, f"{operation.path} is opened but was never made: the log misses something"
            node = File()
            self._enter(operation.path, node)
        if operation.number & os.O_TRUNC and isinstance(node, File) and node.size > 0:
            node.change(self._sequence, 0, None)
        self._open[operation.fd] = node
        self._opened_paths[operation.fd] = operation.path[len(self._root_path) + 1:]

    def _on_start(self, operation: Operation) -> None:
        self._open.clear()
        self._syncs.clear()

    def _on_close(self, operation: Operation) -> None:
        self._open.pop(operation.fd)

    def _on_write(self, operation: Operation) -> None:
        self._file(operation).change(self._sequence, operation.number, operation.data)

    def _on_truncate(self, operation: Operation) -> None:
        self._file(operation).change(self._sequence, operation.number, None)

    def _on_extend(self, operation: Operation) -> None:
        file = self._file(operation)
        if operation.number > file.size:
            file.change(self._sequence, operation.number, None)

    def _file(self, operation: Operation) -> File:
        node = self._open[operation.fd]
        assert isinstance(node, File)
        return node

    def _on_sync_begin(self, operation: Operation) -> None:
        node = self._open[operation.fd]
        self._syncs[operation.number] = (node, node.mark())

    def _on_sync_end(self, operation: Operation) -> None:
        node, mark = self._syncs.pop(operation.number)
        node.sync(mark)

    def _on_rename(self, operation: Operation) -> None:
        node = self.node(operation.path)
        assert node is not None, f"{operation.path} is renamed but was never made: the log misses something"
        self._enter(operation.second, node)
        self._enter(operation.path, None)

    def _on_remove(self, operation: Operation) -> None:
        self._enter(operation.path, None)

    def _on_mkdir(self, operation: Operation) -> None:
        self._enter(operation.path, Directory())

    def _on_link(self, operation: Operation) -> None:
        node = self.node(operation.path)
        assert node is not None
        self._enter(operation.second, node)

    def _on_truncate_path(self, operation: Operation) -> None:
        node = self.node(operation.path)
        assert isinstance(node, File)
        node.change(self._sequence, operation.number, None)

    def _on_unsupported(self, operation: Operation) -> None:
        raise AssertionError(f"the program did what the model does not know: {operation.path} {operation.second}")


_HANDLERS: Dict[Kind, Callable[[Disk, Operation], None]] = {
    Kind.START: Disk._on_start,
    Kind.OPEN: Disk._on_open,
    Kind.CLOSE: Disk._on_close,
    Kind.WRITE: Disk._on_write,
    Kind.TRUNCATE: Disk._on_truncate,
    Kind.EXTEND: Disk._on_extend,
    Kind.SYNC_BEGIN: Disk._on_sync_begin,
    Kind.SYNC_END: Disk._on_sync_end,
    Kind.RENAME: Disk._on_rename,
    Kind.UNLINK: Disk._on_remove,
    Kind.RMDIR: Disk._on_remove,
    Kind.MKDIR: Disk._on_mkdir,
    Kind.LINK: Disk._on_link,
    Kind.TRUNCATE_PATH: Disk._on_truncate_path,
    Kind.UNSUPPORTED: Disk._on_unsupported,
}
