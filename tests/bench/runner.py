"""Runs rows: every server of a row in turn, round after round, so that what disturbs the machine disturbs all of them."""

import contextlib
import dataclasses
import sys
import time
import traceback
from typing import Callable, Dict, List, Optional, Tuple

import ratios
from foreign import ForeignLoad
from loads import LoadFailed

# Servers without a goal in a row are there for comparison: a few rounds tell enough.
ROUNDS_OF_OTHERS = 3
# Above this share of the machine a row is marked as disturbed.
FOREIGN_LIMIT = 0.1


@dataclasses.dataclass(frozen=True)
class Metric:
    key: str  # of the figures that `measure` returns
    title: str


@dataclasses.dataclass(frozen=True)
class Goal:
    """What a figure of Berth's must reach: so many times that of `against`; without `against` it is the figure itself."""

    key: str
    at_least: Optional[float] = None
    at_most: Optional[float] = None
    against: str = ""
    of: str = ""  # whose figure it is; default: the row's first server

    @property
    def bound(self):
        return self.at_most if self.at_least is None else self.at_least

    def text(self):
        sign = "<=" if self.at_least is None else ">="
        return f"{sign} {self.bound:g}{' x' if self.against else ''}"


@dataclasses.dataclass
class Row:
    name: str
    measure: Callable[..., Dict[str, float]]  # (what the part opened, server's name, number of the round) -> figures
    servers: List[str]                        # the one that has the goals first
    metrics: List[Metric]
    goals: List[Goal] = dataclasses.field(default_factory=list)
    others: List[str] = dataclasses.field(default_factory=list)
    group: str = "goals"  # which table and plot it stands in
    samples: Dict[str, List[Dict[str, float]]] = dataclasses.field(default_factory=dict)
    foreign_share: float = 0.0  # of the machine's time

    @property
    def is_disturbed(self):
        return self.foreign_share > FOREIGN_LIMIT

    def values(self, server, key):
        return [figures[key] for figures in self.samples.get(server, []) if key in figures]

    def judged(self, goal) -> Tuple[ratios.Spread, str]:
        """The ratios of a goal and the verdict. A figure without counterpart is divided by its bound."""
        ours = self.values(goal.of or self.servers[0], goal.key)
        if goal.against:
            found = ratios.spread(ratios.pair_ratios(ours, self.values(goal.against, goal.key)))
            return found, ratios.verdict(found, goal.at_least, goal.at_most)
        found = ratios.spread([value / goal.bound for value in ours])
        return found, ratios.verdict(found, goal.at_least and 1.0, goal.at_most and 1.0)


@dataclasses.dataclass
class Part:
    """Rows that share servers and content, which are made once and only if one of the rows is wanted."""

    rows: List[Row]
    open: Callable = contextlib.nullcontext  # a context manager of what the rows' `measure` gets
    missing: str = ""                        # what the Berth at hand lacks for it; then it is left out


def run_row(row, opened, rounds, progress):
    with ForeignLoad() as foreign:
        for number in range(rounds):
            progress.show(row.name, number + 1, rounds)
            present = row.servers + (row.others if number < ROUNDS_OF_OTHERS else [])
            # There and back: what grows from one to the next does not always meet the same server.
            for server in present if number % 2 == 0 else reversed(present):
                try:
                    row.samples.setdefault(server, []).append(row.measure(opened, server, number))
                except LoadFailed as problem:
                    if server not in row.others:
                        raise
                    progress.say(f"  {row.name}: without {server}: {problem}")
    row.foreign_share = foreign.share
    progress.done(row)



class Progress:
    """One line that is written over on a terminal; a line a row elsewhere."""

    def __init__(self, row_count, stream=sys.stderr):
        self.row_count = row_count
        self.stream = stream
        self.done_count = 0
        self.started = time.monotonic()

    def _write_over(self, text):
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[K{text}")
            self.stream.flush()

    def say(self, text):
        self._write_over("")
        print(text, file=self.stream, flush=True)

    def show(self, name, number, count):
        self._write_over(f"[{self.done_count + 1}/{self.row_count}] {name}: round {number} of {count}{self._left()}")

    def _left(self):
        if self.done_count < 3:
            return ""
        seconds = (time.monotonic() - self.started) / self.done_count * (self.row_count - self.done_count)
        return f", some {seconds / 60:.0f} min left"

    def skip(self, name, reason):
        self.done_count += 1
        self.say(f"  {name}: left out, {reason}")

    def fail(self, name, problem):
        """With the place it came from unless it says all itself."""
        where = "" if isinstance(problem, LoadFailed) else f"\n{''.join(traceback.format_exception(problem))}"
        self.say(f"  {name}: FAILED: {problem}{where}")

    def done(self, row):
        self.done_count += 1
        verdicts = []
        for goal in row.goals:
            found, verdict = row.judged(goal)
            verdicts.append(f"{goal.key} {found.median:.2f} ({goal.text()} {goal.against or 'as a figure'}) {verdict}")
        busy = f" [{row.foreign_share:.0%} of the machine was taken by others]" if row.is_disturbed else ""
        self.say(f"  {row.name}: {'; '.join(verdicts) or 'measured'}{busy}")
