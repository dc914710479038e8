"""Reads what recorder.cpp wrote down."""

import dataclasses
import enum
import pathlib
import struct
from typing import List


class Kind(enum.IntEnum):
    """As in recorder.cpp."""

    OPEN = 1
    CLOSE = 2
    WRITE = 3
    TRUNCATE = 4
    EXTEND = 5
    SYNC_BEGIN = 6
    SYNC_END = 7
    RENAME = 8
    UNLINK = 9
    RMDIR = 10
    MKDIR = 11
    LINK = 12
    TRUNCATE_PATH = 13
    UNSUPPORTED = 14
    START = 15


@dataclasses.dataclass(frozen=True)
class Operation:
    """One call that succeeded. `number` is an offset, a size, flags or the number of a sync, by kind."""

    kind: Kind
    fd: int = -1
    stamp_ns: int = 0
    number: int = 0
    path: str = ""
    second: str = ""
    data: bytes = b""


_HEADER = struct.Struct("<IiQqIIQ")


def read_log(path: pathlib.Path) -> List[Operation]:
    """All operations in their order; a record that the end of the program cut off is left out."""
    operations = []
    content = path.read_bytes()
    position = 0
    while position + _HEADER.size <= len(content):
        kind, fd, stamp, number, path_length, second_length, data_length = _HEADER.unpack_from(content, position)
        start = position + _HEADER.size
        end = start + path_length + second_length + data_length
        if end > len(content):
            break
        second_start = start + path_length
        data_start = second_start + second_length
        operations.append(Operation(Kind(kind), fd, stamp, number, content[start:second_start].decode(),
                                    content[second_start:data_start].decode(), content[data_start:end]))
        position = end
    return operations
