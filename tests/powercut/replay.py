"""Cuts a recorded load at many points and starts the program on what each cut leaves."""

import bisect
import dataclasses
import pathlib
import queue
import random
import shutil
import threading
from typing import Callable, Iterator, List

from check import Check
from disk import Choice, Directory, Disk, Nothing, Some, UpTo
from harness.server import Server
from history import History
from images import ImageMaker
from oplog import Kind, Operation

# About what the program does before it serves, measured.
STARTING_OPERATIONS = 300
CONFIG = {"log": {"level": "warn"}, "storage": {"delete": {"enabled": True}}}


@dataclasses.dataclass
class Recording:
    """A load that was run: what the program did on the disk, and what the clients know."""

    operations: List[Operation]
    history: History
    root: pathlib.Path


@dataclasses.dataclass(frozen=True)
class Cut:
    """Before operation `at`; of what was not synced the disk holds what `choice` picks."""

    at: int
    choice: Choice
    name: str


@dataclasses.dataclass
class Report:
    cuts: int = 0
    demanded: int = 0
    violations: List[str] = dataclasses.field(default_factory=list)


def choose_cuts(recording: Recording, count: int, seed: int) -> List[Cut]:
    """Most right after something was acknowledged, when nothing that came later can have helped; many anywhere; some
    while the program starts, when files are made of which there is only one."""
    chance = random.Random(seed)
    stamps = [operation.stamp_ns for operation in recording.operations]
    starts = [at for at, operation in enumerate(recording.operations) if operation.kind is Kind.START]
    told = recording.history.told_times()
    cuts = []
    for number in range(count):
        if number % 8 == 7:
            at = chance.choice(starts) + chance.randint(0, STARTING_OPERATIONS)
        elif number % 2 == 0:
            at = bisect.bisect_right(stamps, chance.choice(told))
        else:
            at = chance.randint(0, len(stamps))
        at = min(at, len(stamps))
        cuts.append(Cut(at, *_choose_rest(chance, at)))
    return sorted(cuts, key=lambda cut: cut.at)


def _choose_rest(chance: random.Random, at: int) -> tuple:
    kind = chance.randrange(4)
    if kind in (0, 1):
        return Nothing(), "only what was synced"
    if kind == 2:
        behind = chance.randint(1, 200)
        return UpTo(max(0, at - behind)), f"a disk {behind} operations behind"
    seed = chance.getrandbits(32)
    share = chance.choice([0.1, 0.5, 0.9])
    return Some(seed, share), f"{share:.0%} of the rest (seed {seed})"


def images_of(recording: Recording, cuts: List[Cut], directory: pathlib.Path,
              is_honoured: Callable[[Disk, Operation], bool]) -> Iterator[tuple]:
    """(cut, image) for each cut in order. A sync that `is_honoured` refuses is taken for one that did nothing."""
    disk = Disk(str(recording.root))
    maker = ImageMaker(disk, directory / "pool")
    dropped = set()
    position = 0
    for number, cut in enumerate(cuts):
        for operation in recording.operations[position:cut.at]:
            if operation.kind is Kind.SYNC_BEGIN and not is_honoured(disk, operation):
                dropped.add(operation.number)
            elif operation.kind not in (Kind.SYNC_BEGIN, Kind.SYNC_END) or operation.number not in dropped:
                disk.apply(operation)
        position = cut.at
        image = directory / f"image{number}"
        maker.make(image, cut.choice)
        yield cut, image


def replay(recording: Recording, cuts: List[Cut], directory: pathlib.Path, *, workers: int = 3,
           is_honoured: Callable[[Disk, Operation], bool] = lambda disk, operation: True,
           stop_at_violation: bool = False) -> Report:
    """Checks every cut. Images are made one after the other and looked at side by side; each is removed after its look."""
    report = Report()
    lock = threading.Lock()
    waiting: queue.Queue = queue.Queue(maxsize=2 * workers)

    def look(number: int) -> None:
        place = directory / f"worker{number}"
        while (job := waiting.get()) is not None:
            cut, image = job
            if not (stop_at_violation and report.violations):
                demanded, violations = look_at(recording, cut, image, place)
                with lock:
                    report.cuts += 1
                    report.demanded += demanded
                    report.violations += [f"cut at {cut.at}, {cut.name}: {text}" for text in violations]
            shutil.rmtree(image)

    threads = [threading.Thread(target=look, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for job in images_of(recording, cuts, directory, is_honoured):
            waiting.put(job)
            if stop_at_violation and report.violations:
                break
    finally:
        for _ in threads:
            waiting.put(None)
        for thread in threads:
            thread.join()
    return report


def look_at(recording: Recording, cut: Cut, image: pathlib.Path, place: pathlib.Path) -> tuple:
    operations = recording.operations
    moment = operations[cut.at].stamp_ns if cut.at < len(operations) else operations[-1].stamp_ns + 10**12
    server = Server(CONFIG, directory=place, root=image)
    server.log_path.unlink(missing_ok=True)
    try:
        server.start()
        check = Check(server.client, recording.history, moment).run()
        return check.demanded, check.violations
    except Exception as failure:  # noqa: B902  a program that does not start or breaks off is a finding like any other
        return 0, [f"{type(failure).__name__}: {failure}\n{server.log[-2000:]}"]
    finally:
        server.kill()


def is_directory_sync(disk: Disk, operation: Operation) -> bool:
    return isinstance(disk.opened(operation.fd), Directory)
