"""The quality gate: does a model predict what shoppers look at next, among what is new to them?

Novel hit rate: for each step of a held-out session that leads to a product not yet seen in it, is
that product among the first picks, seen ones taken out? Novel reciprocal rank: one over its rank.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from fashion_contracts.picks import Reason, Source
from recommender.errors import WorseModelError
from recommender.model.artefact import Model
from recommender.picks.ranking import Anchor, neighbour_scores
from recommender.settings import LearningSettings

Predictor = Callable[[Sequence[int], int], float | None]
"""Given the products seen so far and the next one, return that one's rank, or None."""


@dataclass(frozen=True)
class Quality:
    """How well the next products were predicted."""

    predictions: int
    hit_rate: float
    reciprocal_rank: float


@dataclass(frozen=True)
class Verdict:
    """What the gate found; None where there was too little to judge by."""

    candidate: Quality | None = None
    trending: Quality | None = None
    candidate_after_current: Quality | None = None
    current: Quality | None = None

    def check(self, tolerance: float) -> None:
        """Raise WorseModelError if the candidate must not be used."""
        _refuse_below(self.candidate, self.trending, "trending's", tolerance=0, must_beat=True)
        _refuse_below(
            self.candidate_after_current, self.current, "the present model's", tolerance=tolerance
        )


def _refuse_below(
    candidate: Quality | None,
    other: Quality | None,
    whose: str,
    *,
    tolerance: float,
    must_beat: bool = False,
) -> None:
    if candidate is None or other is None:
        return
    floor = other.hit_rate * (1 - tolerance)
    if candidate.hit_rate < floor or (must_beat and candidate.hit_rate == floor):
        raise WorseModelError(
            f"The model's novel hit rate of {candidate.hit_rate:.1%} is not good enough beside"
            f" {whose} {other.hit_rate:.1%}."
        )


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
    for seen, target in steps:
        predictions += 1
        rank = predict(seen, target)
        if rank is not None and rank <= length:
            hits += 1
            reciprocal += 1 / rank
    total = max(predictions, 1)
    return Quality(predictions, hits / total, reciprocal / total)


def model_predictor(model: Model, settings: LearningSettings) -> Predictor:
    """Return the predictor that ranks as picks are ranked: by the session's latest products."""

    def predict(seen: Sequence[int], target: int) -> float | None:
        position = model.position(target)
        latest = dict.fromkeys(reversed(seen))
        anchors = [
            Anchor(product, settings.weight_view, Reason.VIEWED, Source.SESSION)
            for product in islice(latest, settings.anchors)
        ]
        scores, _ = neighbour_scores(anchors, model, settings.anchor_decay)
        if position not in scores:
            return None
        for product in latest:
            scores.pop(_position(model, product), None)
        return _middle_rank(scores[position], scores.values())

    return predict


def trending_predictor(trend: Sequence[tuple[int, float]]) -> Predictor:
    """Return the predictor that knows nobody: what is trending, less what was seen."""

    def predict(seen: Sequence[int], target: int) -> float | None:
        unseen = [product for product, _ in trend if product not in seen]
        return unseen.index(target) + 1 if target in unseen else None

    return predict


def _middle_rank(score: float, scores: Iterable[float]) -> float:
    """Return the rank of the score; those that are equal share the middle of their ranks."""
    above = equal = 0
    for other in scores:
        if other > score:
            above += 1
        elif other == score:
            equal += 1
    return above + (equal + 1) / 2


def _position(model: Model, product_id: int) -> int:
    position = model.position(product_id)
    return -1 if position is None else position
