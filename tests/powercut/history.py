"""What a load asked for and was told, and what that demands of a registry at any moment."""

import dataclasses
import threading
import time
from typing import Dict, Hashable, List, Optional, Set


@dataclasses.dataclass
class Deed:
    """One request's effect on one thing. Times are of the monotonic clock, as the recorder's stamps are."""

    value: object
    begun_ns: int
    told_ns: Optional[int] = None  # when the client knew that it was done; None if it never did


class History:
    """Deeds by the thing that they change: ("tag", repository, tag) -> digest or None, ("blob" or "manifest",
    repository, digest) -> whether it is there, ("upload", repository, location) -> an offset, or None for ended.

    What changes a thing is done by one thread, one request after the other; only deeds that all make it the same may
    run side by side.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deeds: Dict[Hashable, List[Deed]] = {}
        self.contents: Dict[str, bytes] = {}  # by digest, of blobs and manifests
        self.looked_for: Set[tuple] = set()  # (repository, digest) of blobs that may be there or not, but not by half
        self.uploads: Dict[Hashable, bytes] = {}  # what an unfinished upload is meant to become, by its key

    def begin(self, *changes: tuple) -> List[Deed]:
        """Before a request: (thing, value) for each effect that it is to have."""
        now = time.monotonic_ns()
        deeds = [Deed(value, now) for _, value in changes]
        with self._lock:
            for (thing, _), deed in zip(changes, deeds):
                self._deeds.setdefault(thing, []).append(deed)
        return deeds

    @staticmethod
    def told(deeds: List[Deed]) -> None:
        """After its good answer."""
        now = time.monotonic_ns()
        for deed in deeds:
            deed.told_ns = now

    def things(self) -> List[Hashable]:
        return list(self._deeds)

    def told_times(self) -> List[int]:
        return sorted({deed.told_ns for deeds in self._deeds.values() for deed in deeds if deed.told_ns is not None})

    def allowed(self, thing: Hashable, cut_ns: int) -> Set[object]:
        """What a client may find after a cut at that moment: the last state it was told of, or what a request under way
        would make of it. Empty if nobody had asked for the thing yet. None and False both stand for absent."""
        begun = [deed for deed in self._deeds[thing] if deed.begun_ns < cut_ns]
        if not begun:
            return set()
        told = [deed for deed in begun if deed.told_ns is not None and deed.told_ns < cut_ns]
        last = max(told, key=lambda deed: deed.told_ns, default=None)
        allowed = {last.value if last else None}
        allowed.update(deed.value for deed in begun if deed not in told)
        return {value or None for value in allowed} if thing[0] != "upload" else allowed
