"""The protocol: every click after the first is predicted, and all products are ranked.

all    products seen before in the session count, and stay in the ranking
novel  only products not yet seen in the session count, and seen ones are taken out
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from math import log2
from statistics import fmean, quantiles
from time import perf_counter_ns
from typing import Final

from recommender.evaluation.schemas import Prediction

Predictor = Callable[[Sequence[int]], Mapping[int, float]]
"""Given the products seen so far, return scores above 0; what has none is tied for last."""

LENGTH: Final = 20
VIEWS: Final = ("all", "novel")


@dataclass(frozen=True)
class Figures:
    """How well a method does in one view; all but the count are shares of 1."""

    predictions: int
    hit_rate: float
    reciprocal_rank: float
    ndcg: float
    coverage: float


@dataclass(frozen=True)
class Measurement:
    """How well and how fast a method predicts. Time is that of scoring one click."""

    views: Mapping[str, Figures]
    microseconds_mean: float
    microseconds_p99: float


@dataclass
class _Tally:
    predictions: int = 0
    hits: int = 0
    reciprocal: float = 0.0
    gain: float = 0.0
    shown: set[int] = field(default_factory=set)

    def add(self, rank: float, top: Iterable[int]) -> None:
        self.predictions += 1
        self.shown.update(top)
        if rank <= LENGTH:
            self.hits += 1
            self.reciprocal += 1 / rank
            self.gain += 1 / log2(rank + 1)

    def figures(self, products: int) -> Figures:
        total = max(self.predictions, 1)
        return Figures(
            self.predictions,
            self.hits / total,
            self.reciprocal / total,
            self.gain / total,
            len(self.shown) / max(products, 1),
        )


def measure(predict: Predictor, predictions: Iterable[Prediction], *, products: int) -> Measurement:
    """Return how well the predictor does, in both views, among so many products."""
    every, novel = _Tally(), _Tally()
    nanoseconds = []
    for seen, target in predictions:
        began = perf_counter_ns()
        scores = predict(seen)
        nanoseconds.append(perf_counter_ns() - began)
        known = set(seen)
        best = nlargest(LENGTH + len(known), scores, key=scores.__getitem__)
        above, equal = _around(scores, target, products)
        every.add(_middle(above, equal), best[:LENGTH])
        if target not in known:
            hidden_above, hidden_equal = _around_hidden(scores, target, known)
            rank = _middle(above - hidden_above, equal - hidden_equal)
            novel.add(rank, [product for product in best if product not in known][:LENGTH])
    views = dict(zip(VIEWS, (every.figures(products), novel.figures(products)), strict=True))
    return Measurement(views, _mean(nanoseconds), _p99(nanoseconds))


def _middle(above: int, equal: int) -> float:
    """Return the rank below so many; those that are equal share the middle of their ranks."""
    return above + (equal + 1) / 2


def _around(scores: Mapping[int, float], target: int, products: int) -> tuple[int, int]:
    """Return how many products score above the target, and how many as it does, itself included."""
    score = scores.get(target, 0.0)
    if score == 0:
        return len(scores), products - len(scores)
    above = sum(other > score for other in scores.values())
    return above, sum(other == score for other in scores.values())


def _around_hidden(
    scores: Mapping[int, float], target: int, hidden: Iterable[int]
) -> tuple[int, int]:
    score = scores.get(target, 0.0)
    others = [scores.get(product, 0.0) for product in hidden]
    return sum(other > score for other in others), others.count(score)


def _mean(nanoseconds: Sequence[int]) -> float:
    return fmean(nanoseconds) / 1000 if nanoseconds else 0.0


def _p99(nanoseconds: Sequence[int]) -> float:
    if len(nanoseconds) < 2:
        return _mean(nanoseconds)
    return quantiles(nanoseconds, n=100, method="inclusive")[-1] / 1000
