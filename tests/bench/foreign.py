"""How much of the machine is taken by what does not belong to the benchmark: figures from a busy machine say little."""

import os
import pathlib
import resource

from loads import cpu_seconds

TICKS = os.sysconf("SC_CLK_TCK")


class ForeignLoad:
    """with ForeignLoad() as foreign: ... ; then foreign.share is the share of all cores that others used meanwhile:
    processes that do not descend from this one, the kernel's own threads, and the machine's host."""

    share = 0.0

    def __enter__(self):
        self.before = self._read()
        return self

    def __exit__(self, *_):
        seconds, busy, ours = (after - before for after, before in zip(self._read(), self.before))
        self.share = max(0.0, busy - ours) / seconds if seconds > 0 else 0.0

    @staticmethod
    def _read():
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        idle = ticks[3] + ticks[4]
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        ours = sum(u.ru_utime + u.ru_stime for u in used) + cpu_seconds(_descendants(os.getpid()))
        return sum(ticks) / TICKS, (sum(ticks) - idle) / TICKS, ours


def _descendants(pid):
    """Those that are alive; the dead were waited for and stand in RUSAGE_CHILDREN."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *_descendants(int(child))]
    return found
