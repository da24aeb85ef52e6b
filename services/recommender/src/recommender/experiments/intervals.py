"""The statistics of experiments, as pure functions.

Shoppers are assigned, impressions are counted: those of one shopper are not independent. So a rate
is a ratio of two sums over shoppers, and its variance is the delta method's.
"""

from collections.abc import Iterable
from math import erfc, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

from recommender.experiments.schemas import Estimate

CONFIDENCE: Final = 0.95
_Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


class Ratio(NamedTuple):
    """A ratio of two sums over shoppers, with its variance."""

    value: float
    variance: float


def ratio_of(shoppers: Iterable[tuple[int, int]]) -> Ratio | None:
    """Return the ratio of what was counted, (numerator, denominator) of each shopper.

    It is None with fewer than two shoppers: nobody knows then how much they differ.
    """
    counts = list(shoppers)
    numerator, total = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
    if len(counts) < 2 or not total:
        return None
    value = numerator / total
    residuals = sum((part - value * whole) ** 2 for part, whole in counts)
    return Ratio(value, residuals * len(counts) / (len(counts) - 1) / total**2)


def estimate(ratio: Ratio | None) -> Estimate | None:
    """Return the ratio with its interval; None where no shopper differs from another."""
    return _estimate(ratio.value, ratio.variance) if ratio else None


def difference(treatment: Ratio | None, control: Ratio | None) -> Estimate | None:
    """Return by how much treatment's ratio is greater."""
    if treatment is None or control is None:
        return None
    return _estimate(treatment.value - control.value, treatment.variance + control.variance)


def relative_difference(treatment: Ratio | None, control: Ratio | None) -> Estimate | None:
    """Return by which part of control's ratio treatment's is greater."""
    if treatment is None or control is None or not control.value:
        return None
    times = treatment.value / control.value
    variance = (treatment.variance + times**2 * control.variance) / control.value**2
    return _estimate(times - 1, variance)


def proportion(successes: int, trials: int) -> Estimate | None:
    """Return the share of successes with Wilson's interval, which holds for few trials, too."""
    if not trials:
        return None
    share, square = successes / trials, _Z**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = _Z * sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    half /= 1 + square / trials
    return Estimate(value=share, low=min(middle - half, share), high=max(middle + half, share))


def share_p_value(treated: int, controlled: int, share: float) -> float | None:
    """Return how likely counts so far from the share are by chance (chi-square, one degree)."""
    expected = (treated + controlled) * share
    if not 0 < expected < treated + controlled:
        return None
    chi_square = (treated - expected) ** 2 / (expected * (1 - share))
    return erfc(sqrt(chi_square / 2))


def _estimate(value: float, variance: float) -> Estimate | None:
    if not variance:
        return None
    half = _Z * sqrt(variance)
    return Estimate(value=value, low=value - half, high=value + half)
