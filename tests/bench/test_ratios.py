"""The rule by which a row of the benchmark holds."""

import random
import statistics

import pytest

from ratios import holds, interval_ranks, pair_ratios, spread, verdict


@pytest.mark.parametrize("count, ranks", [(1, None), (5, None), (6, (0, 5)), (8, (0, 7)), (9, (1, 7)), (11, (1, 9)), (15, (3, 11))])
def test_the_ranks_are_those_of_the_binomial_table(count, ranks):
    assert interval_ranks(count) == ranks


def test_the_interval_holds_the_true_median_in_95_of_100_cases():
    source = random.Random(1)
    true_median = statistics.NormalDist(1.0, 0.2).inv_cdf(0.5)
    found = [spread([source.gauss(1.0, 0.2) for _ in range(9)]) for _ in range(4000)]
    share = sum(s.low <= true_median <= s.high for s in found) / len(found)
    assert 0.95 <= share <= 0.975  # 0.961 in theory


def test_of_few_values_the_interval_is_the_range():
    assert spread([3.0, 1.0, 2.0]) == spread((1.0, 2.0, 3.0))
    few = spread([3.0, 1.0, 2.0])
    assert (few.median, few.low, few.high, few.count) == (2.0, 1.0, 3.0, 3)


def test_ratios_are_made_of_the_rounds_that_both_have():
    assert pair_ratios([2.0, 3.0, 4.0], [1.0, 2.0]) == [2.0, 1.5]


def test_a_lower_bound_is_met_by_the_median_and_a_near_lower_end():
    values = [0.86, 0.9, 0.96, 0.97, 0.98, 0.98, 0.99, 1.0, 1.1]
    assert holds(spread(values), at_least=0.95)
    assert verdict(spread(values), at_least=0.95) == "met"
    assert not holds(spread(values), at_least=0.99), "the median misses it"
    far = [0.5, 0.84, *values[2:]]
    assert not holds(spread(far), at_least=0.95), "the lower end is more than 0.1 below"


def test_an_upper_bound_is_the_mirror_of_it():
    values = [0.7, 0.8, 0.8, 0.81, 0.82, 0.83, 0.84, 0.94, 2.0]
    assert holds(spread(values), at_most=0.85)
    assert not holds(spread([*values[:7], 0.96, 2.0]), at_most=0.85)


def test_too_few_pairs_are_said_so():
    assert verdict(spread([2.0]), at_least=1.0) == "met (1 pair)"
    assert verdict(spread([0.1, 0.2, 0.3]), at_least=1.0) == "MISSED (3 pairs)"
