"""Intervals: as often right as they say, although impressions of one shopper are alike."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.experiments.intervals import (
    difference,
    estimate,
    proportion,
    ratio_of,
    relative_difference,
    share_p_value,
)

REPETITIONS = 1_000
SHOPPERS = 150
Counts = list[tuple[int, int]]


def simulated(random: np.random.Generator, rate: float = 0.2) -> Counts:
    """Return (clicked, shown) of each shopper: some are eager, and some come often."""
    shown = random.geometric(0.2, SHOPPERS)
    eagerness = random.beta(rate * 3, (1 - rate) * 3, SHOPPERS)
    clicked = random.binomial(shown, eagerness)
    return list(zip(clicked.tolist(), shown.tolist(), strict=True))


def each_by_itself(counts: Counts) -> Counts:
    """Return the same as if each impression were a shopper of its own."""
    return [(int(turn < clicked), 1) for clicked, shown in counts for turn in range(shown)]


def test_where_nothing_differs_the_interval_holds_zero_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    by_shopper = by_impression = relative = 0
    for _ in range(REPETITIONS):
        control, treatment = simulated(random), simulated(random)
        found = difference(ratio_of(treatment), ratio_of(control))
        naive = difference(ratio_of(each_by_itself(treatment)), ratio_of(each_by_itself(control)))
        related = relative_difference(ratio_of(treatment), ratio_of(control))
        assert found is not None
        assert naive is not None
        assert related is not None
        by_shopper += found.holds(0)
        by_impression += naive.holds(0)
        relative += related.holds(0)

    deviation = sqrt(0.95 * 0.05 / REPETITIONS)
    assert by_shopper / REPETITIONS == pytest.approx(0.95, abs=3 * deviation)
    assert relative / REPETITIONS == pytest.approx(0.95, abs=4 * deviation)
    assert by_impression / REPETITIONS < 0.85


def test_an_effect_that_is_there_is_found() -> None:
    random = np.random.default_rng(2)
    control = [count for _ in range(10) for count in simulated(random, 0.2)]
    treatment = [count for _ in range(10) for count in simulated(random, 0.3)]

    found = difference(ratio_of(treatment), ratio_of(control))
    relative = relative_difference(ratio_of(treatment), ratio_of(control))

    assert found is not None
    assert found.holds(0.1)
    assert not found.holds(0)
    assert relative is not None
    assert relative.holds(0.5)
    assert not relative.holds(0)


def test_the_delta_method_says_what_the_bootstrap_says() -> None:
    random = np.random.default_rng(3)
    control, treatment = (np.array(simulated(random, rate)) for rate in (0.2, 0.25))
    draws = []
    for _ in range(2_000):
        rates = []
        for counts in (control, treatment):
            clicked, shown = counts[random.integers(0, SHOPPERS, SHOPPERS)].sum(axis=0)
            rates.append(clicked / shown)
        draws.append(rates[1] - rates[0])
    low, high = np.quantile(draws, (0.025, 0.975))

    found = difference(ratio_of(treatment.tolist()), ratio_of(control.tolist()))

    assert found is not None
    assert found.low == pytest.approx(low, abs=0.1 * (high - low))
    assert found.high == pytest.approx(high, abs=0.1 * (high - low))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_a_ratio_is_that_of_the_sums(counts: Counts) -> None:
    found = ratio_of(counts)

    total = sum(shown for _, shown in counts)
    assert (found is None) == (len(counts) < 2 or total == 0)
    if found is not None:
        assert found.value == pytest.approx(sum(clicked for clicked, _ in counts) / total)
        assert found.variance >= 0


def test_where_no_shopper_differs_nothing_is_claimed() -> None:
    nothing = ratio_of([(0, 3), (0, 5)])

    assert estimate(nothing) is None
    assert difference(nothing, nothing) is None
    assert relative_difference(nothing, nothing) is None
    assert difference(None, nothing) is None


def test_the_proportions_interval_is_wilsons() -> None:
    found = proportion(8, 10)

    assert found is not None
    assert found.low == pytest.approx(0.4902, abs=1e-4)
    assert found.high == pytest.approx(0.9433, abs=1e-4)
    assert proportion(0, 0) is None


@given(st.integers(0, 50), st.integers(1, 50))
def test_the_proportions_interval_stays_within_what_is_possible(won: int, lost: int) -> None:
    found = proportion(won, won + lost)

    assert found is not None
    assert -1e-9 <= found.low <= found.value <= found.high <= 1 + 1e-9


def test_counts_far_from_the_share_are_told_from_those_that_chance_makes() -> None:
    fair, lost = share_p_value(5_050, 4_950, 0.5), share_p_value(5_050, 4_700, 0.5)

    assert fair == pytest.approx(0.3173, abs=1e-4)
    assert lost is not None
    assert lost < 0.001
    assert share_p_value(0, 0, 0.5) is None
    assert share_p_value(10, 0, 1) is None
