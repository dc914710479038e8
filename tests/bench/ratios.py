"""Medians, their intervals, and whether a goal is met.

A goal is a ratio: Berth's figure divided by what it is held against, or by the bound itself where the bound is a figure.
It is met when the median of the ratios reaches it and the near end of the median's 95 % interval lies at most SLACK on the
wrong side. Ratios are made of pairs that ran one after the other, so that what disturbs the machine disturbs both.
"""

import dataclasses
import math
import statistics
from typing import Optional, Sequence, Tuple

CONFIDENCE = 0.95
SLACK = 0.1
NEEDED_PAIRS = 9


def interval_ranks(count: int) -> Optional[Tuple[int, int]]:
    """Which of the sorted values (from 0) bound the median with 95 % confidence, whatever their distribution is.

    The number of values below the true median is binomial(count, 1/2): no assumption but that each pair is its own.
    None if there are so few values that not even the least and the greatest bound it (fewer than 6).
    """
    tail = 0.0
    low = None
    for rank in range(count // 2):
        tail += math.comb(count, rank) / 2**count
        if 1 - 2 * tail < CONFIDENCE:
            break
        low = rank
    return None if low is None else (low, count - 1 - low)


@dataclasses.dataclass(frozen=True)
class Spread:
    """A median and the interval that holds it; with few values the interval is their whole range."""

    median: float
    low: float
    high: float
    count: int


def spread(values: Sequence[float]) -> Spread:
    ordered = sorted(values)
    low, high = interval_ranks(len(ordered)) or (0, len(ordered) - 1)
    return Spread(statistics.median(ordered), ordered[low], ordered[high], len(ordered))


def pair_ratios(ours: Sequence[float], theirs: Sequence[float]) -> list:
    """Of the rounds in which both were measured."""
    return [our / their for our, their in zip(ours, theirs)]


def holds(ratios: Spread, at_least: Optional[float] = None, at_most: Optional[float] = None) -> bool:
    if at_least is not None:
        return ratios.median >= at_least and ratios.low >= at_least - SLACK
    return ratios.median <= at_most and ratios.high <= at_most + SLACK


def verdict(ratios: Spread, at_least: Optional[float] = None, at_most: Optional[float] = None) -> str:
    """"met" or "MISSED"; with fewer pairs than the rule asks for, their number stands beside it."""
    word = "met" if holds(ratios, at_least, at_most) else "MISSED"
    return word if ratios.count >= NEEDED_PAIRS else f"{word} ({ratios.count} {'pair' if ratios.count == 1 else 'pairs'})"
