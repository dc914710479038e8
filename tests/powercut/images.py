"""Makes a directory of what a disk holds after a cut."""

import os
import pathlib
from typing import Dict

from disk import Choice, Directory, Disk, Everything, File


class ImageMaker:
    """Writes images of one disk. Blobs whose bytes are all synced are hard links into a pool: Berth never writes into a
    file that has its place, so hundreds of images cost little. Everything else is a copy of its own.
    """

    def __init__(self, disk: Disk, pool: pathlib.Path):
        self._disk = disk
        self._pool = pool
        self._pooled: Dict[tuple, str] = {}
        pool.mkdir(parents=True, exist_ok=True)

    def make(self, target: pathlib.Path, choice: Choice) -> None:
        os.mkdir(target)
        self._fill(str(target), self._disk.root, choice)

    def _fill(self, path: str, directory: Directory, choice: Choice) -> None:
        for name, node in directory.entries(choice).items():
            place = f"{path}/{name}"
            if isinstance(node, Directory):
                os.mkdir(place)
                self._fill(place, node, choice)
            elif name == "data" and not node.pending:
                os.link(self._pooled_file(node), place)
            elif not is_made_anew(name):
                with open(place, "wb") as file:
                    file.write(node.content(choice))

    def _pooled_file(self, node: File) -> str:
        key = (node, node.version)  # the node itself: an id is given again to another once a file is forgotten
        if key not in self._pooled:
            path = str(self._pool / str(len(self._pooled)))
            with open(path, "wb") as file:
                file.write(node.durable)
            self._pooled[key] = path
        return self._pooled[key]


def is_made_anew(name: str) -> bool:
    """SQLite's shared memory is written through mmap, unseen, and is built again by the first who opens the database."""
    return name.endswith("-shm")


def tree(directory: Directory, path: str = "") -> Dict[str, bytes]:
    """Everything below as the running program sees it; directories as names that end with a slash."""
    found: Dict[str, bytes] = {}
    for name, node in directory.entries(Everything()).items():
        if isinstance(node, Directory):
            found[f"{path}{name}/"] = b""
            found.update(tree(node, f"{path}{name}/"))
        elif not is_made_anew(name):
            found[path + name] = node.content(Everything())
    return found


def real_tree(root: pathlib.Path) -> Dict[str, bytes]:
    """The same of a real directory, to see that the log missed nothing."""
    found: Dict[str, bytes] = {}
    for place in sorted(root.rglob("*")):
        name = str(place.relative_to(root))
        if place.is_dir():
            found[name + "/"] = b""
        elif place.is_file() and not is_made_anew(place.name):
            found[name] = place.read_bytes()
    return found
