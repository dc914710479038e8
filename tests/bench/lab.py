"""What every part of the benchmark works with: the programs, a place for files, and ways to make servers there."""

import contextlib
import dataclasses
import pathlib
import shutil
from typing import Optional, Tuple

from features import Features
from loads import Loads
from servers import Berth, Certificate, Distribution, LimitReceiver, NamedPeer, Nginx
from warehouse import Warehouse


@dataclasses.dataclass
class Lab:
    program: str           # berth
    load_program: str      # berth_load
    receiver_program: str  # limit_receiver
    directory: pathlib.Path
    seconds: float                         # of one sample that is limited by time
    peer: Optional[Tuple[str, str]] = None  # BENCH_PEER: name and command
    has_others: bool = True                 # whether registries that no goal speaks of are measured, too

    def __post_init__(self):
        self.certificate = Certificate(self.directory)
        self.features = Features(self.program)
        self.loads = Loads(self.load_program)
        self.warehouse = Warehouse(self)
        self._number = 0

    def new_directory(self, name):
        self._number += 1
        made = self.directory / f"{self._number}-{name}"
        made.mkdir()
        return made

    def berth(self, directory=None, tls=False, settings=()):
        return Berth(directory or self.new_directory("berth"), self.program, self.certificate if tls else None, settings)

    def nginx(self):
        return Nginx(self.new_directory("nginx"), self.certificate)

    def limit_receiver(self):
        return LimitReceiver(self.new_directory("limit_receiver"), self.receiver_program)

    def other_names(self, encrypted=False):
        """Registries that are measured for comparison where no goal speaks of them."""
        if not self.has_others:
            return []
        has_peer = self.peer and (not encrypted or NamedPeer.can_encrypt(self.peer[1]))
        return [Distribution.name, *([self.peer[0]] if has_peer else [])]

    def registry(self, name):
        """docker-registry or the peer."""
        if name == Distribution.name:
            return Distribution(self.new_directory("distribution"))
        return NamedPeer(self.new_directory("peer"), *self.peer)

    @contextlib.contextmanager
    def place(self, name):
        """A directory that is no server's, removed at the end."""
        made = self.new_directory(name)
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def running(*servers, keeps_files=False):
    """Starts them; at the end stops them and removes their directories, also of those that did not start. Of many files
    the removal waits for the end of the run: ext4 without a journal searches past each inode that was freed in the last
    minutes, which can double what the next server pays for a new file."""
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            if keeps_files:
                server.stop()
            else:
                server.remove()
