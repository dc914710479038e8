"""What the machine itself can do with the bytes of a push."""

import os
import pathlib
import subprocess
import time

from content import MIB


def hash_mib_per_second(path):
    """openssl dgst over a file that is in the page cache: one core."""
    size = pathlib.Path(path).stat().st_size
    started = time.monotonic()
    subprocess.run(["openssl", "dgst", "-sha256", path], stdout=subprocess.DEVNULL, check=True)
    return size / MIB / (time.monotonic() - started)


def disk_mib_per_second(path, size):
    """One writer: a new file in pieces of 1 MiB, then fsync."""
    piece = os.urandom(MIB)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        started = time.monotonic()
        for _ in range(size // MIB):
            os.write(descriptor, piece)
        os.fsync(descriptor)
        return size / MIB / (time.monotonic() - started)
    finally:
        os.close(descriptor)


def push_limit_mib_per_second(directory, size):
    """The slower of the two: hashing and writing can run side by side."""
    path = pathlib.Path(directory) / "bytes"
    return min(disk_mib_per_second(path, size), hash_mib_per_second(path))
