"""The quality gate: does a model predict what shoppers look at next, among what is new to them?

Novel hit rate: for each step of a held-out session that leads to a product not yet seen in it, is
that product among the first picks, seen ones taken out? Novel reciprocal rank: one over its rank.
Coverage: how many different products were among the first picks of all these predictions.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice

from fashion_contracts.picks import Reason, Source
from recommender.errors import WorseModelError
from recommender.model.artefact import Model
from recommender.model.layers import Layer, LayeredModel
from recommender.picks.ranking import Anchor, neighbour_scores
from recommender.settings import LearningSettings

Predictor = Callable[[Sequence[int]], Mapping[int, float]]
"""Given the products seen so far, return the others' scores."""


@dataclass(frozen=True)
class Quality:
    """How well the next products were predicted."""

    predictions: int
    hit_rate: float
    reciprocal_rank: float
    coverage: int


@dataclass(frozen=True)
class Verdict:
    """What the gate found; None where there was too little to judge by."""

    candidate: Quality | None = None
    trending: Quality | None = None
    candidate_after_current: Quality | None = None
    current: Quality | None = None

    def check(self, tolerance: float) -> None:
        """Raise WorseModelError if the candidate must not be used."""
        ours, theirs = self.candidate, self.trending
        if ours and theirs and ours.hit_rate <= theirs.hit_rate:
            raise WorseModelError("novel hit rate", ours.hit_rate, "trending's", theirs.hit_rate)
        ours, theirs = self.candidate_after_current, self.current
        if ours and theirs:
            floor = 1 - tolerance
            whose = "the present model's"
            if ours.hit_rate < theirs.hit_rate * floor:
                raise WorseModelError("novel hit rate", ours.hit_rate, whose, theirs.hit_rate)
            if ours.coverage < theirs.coverage * floor:
                raise WorseModelError("coverage", ours.coverage, whose, theirs.coverage)


def novel_steps(sessions: Iterable[Sequence[int]]) -> Iterator[tuple[Sequence[int], int]]:
    """Yield what was seen so far and the next product, wherever that one is new."""
    for session in sessions:
        for place in range(1, len(session)):
            if session[place] not in session[:place]:
                yield session[:place], session[place]


def measure(
    predict: Predictor, steps: Iterable[tuple[Sequence[int], int]], *, length: int
) -> Quality:
    """Return how well the predictor does on these steps."""
    predictions = hits = 0
    reciprocal = 0.0
    shown: set[int] = set()
    for seen, target in steps:
        predictions += 1
        scores = predict(seen)
        shown.update(nlargest(length, scores, key=scores.__getitem__))
        rank = middle_rank(target, scores)
        if rank is not None and rank <= length:
            hits += 1
            reciprocal += 1 / rank
    total = max(predictions, 1)
    return Quality(predictions, hits / total, reciprocal / total, len(shown))


def model_predictor(model: Model, settings: LearningSettings) -> Predictor:
    """Return the predictor that scores as picks are scored: by the session's latest products."""
    alone = LayeredModel([Layer(model, 1.0)])

    def predict(seen: Sequence[int]) -> Mapping[int, float]:
        latest = dict.fromkeys(reversed(seen))
        anchors = [
            Anchor(product, settings.weight_view, Reason.VIEWED, Source.SESSION)
            for product in islice(latest, settings.anchors)
        ]
        scores, _ = neighbour_scores(anchors, alone, settings.anchor_decay)
        for product in latest:
            scores.pop(product, None)
        return scores

    return predict


def trending_predictor(trend: Sequence[tuple[int, float]]) -> Predictor:
    """Return the predictor that knows nobody: what is trending, less what was seen."""

    def predict(seen: Sequence[int]) -> Mapping[int, float]:
        return {product: score for product, score in trend if product not in seen}

    return predict


def middle_rank(target: int, scores: Mapping[int, float]) -> float | None:
    """Return the target's rank; those that are equal share the middle of their ranks."""
    score = scores.get(target)
    if score is None:
        return None
    above = equal = 0
    for other in scores.values():
        if other > score:
            above += 1
        elif other == score:
            equal += 1
    return above + (equal + 1) / 2
