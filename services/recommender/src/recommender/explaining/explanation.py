"""Why each candidate won or was left out: pure, and by the same functions that rank."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from fashion_contracts.picks import PICKS_LENGTH, Pick, Shopper
from recommender.picks.ranking import Anchor, Excluded, Ranker, anchors_of, neighbour_scores


class Contribution(NamedTuple):
    """What one anchor says for a candidate."""

    anchor: Anchor
    score: float


@dataclass(frozen=True)
class Candidate:
    """A product that some anchor speaks for."""

    product_id: int
    score: float
    """1 for the best, as picks have it."""
    contributions: tuple[Contribution, ...]
    """The greatest first; together they are the score."""
    verdict: str


@dataclass(frozen=True)
class Explanation:
    """All that picks follow from."""

    shopper: Shopper
    anchors: tuple[Contribution, ...]
    """The anchors, the latest first, with what is left of their weight after the decay."""
    candidates: tuple[Candidate, ...]
    picks: tuple[Pick, ...]
    """What can be bought of the picks."""
    are_stored: bool
    """Whether they are those that the last act was folded into, or were ranked anew."""


def explain(
    shopper: Shopper,
    ranker: Ranker,
    unavailable: frozenset[int],
    *,
    length: int,
    may_be_stored: bool = True,
) -> Explanation:
    """Explain the shopper's picks, and so many of the candidates, best first.

    Stored picks are served while the model that ranked them is in use, as long as the shopper's
    settings of ranking are the stored ones', too.
    """
    version = ranker.version
    are_stored = may_be_stored and bool(shopper.picks) and shopper.model == version
    ranked = shopper.picks if are_stored else ranker.rank(shopper)
    picks = tuple(pick for pick in ranked if pick.product_id not in unavailable)
    decay = ranker.settings.anchor_decay
    anchors = tuple(
        Contribution(anchor, anchor.weight * decay**age)
        for age, anchor in enumerate(anchors_of(shopper, ranker.settings))
    )
    by_product = _contributions(anchors, ranker)
    totals = {product: sum(part.score for part in parts) for product, parts in by_product.items()}
    ordered = sorted(totals, key=totals.__getitem__, reverse=True)
    top = totals[ordered[0]] if ordered else 1.0
    verdicts = _Verdicts(shopper, ranker, unavailable, picks)
    candidates = tuple(
        Candidate(
            product_id,
            totals[product_id] / top,
            tuple(part._replace(score=part.score / top) for part in by_product[product_id]),
            verdicts.of(product_id),
        )
        for product_id in ordered[:length]
    )
    return Explanation(shopper, anchors, candidates, picks, are_stored)


def _contributions(
    anchors: Sequence[Contribution], ranker: Ranker
) -> dict[int, list[Contribution]]:
    """Return what each anchor says for each candidate, the greatest first."""
    model = ranker.model
    found: dict[int, list[Contribution]] = {}
    if model is None:
        return found
    for anchor, strength in anchors:
        alone = [anchor._replace(weight=strength)]
        scores, _ = neighbour_scores(alone, model, ranker.settings.anchor_decay)
        for product_id, score in scores.items():
            found.setdefault(product_id, []).append(Contribution(anchor, score))
    for parts in found.values():
        parts.sort(key=lambda part: part.score, reverse=True)
    return found


class _Verdicts:
    """Says what became of each candidate."""

    def __init__(
        self,
        shopper: Shopper,
        ranker: Ranker,
        unavailable: frozenset[int],
        picks: Sequence[Pick],
    ) -> None:
        self._shopper = shopper
        self._excluded = Excluded(shopper, ranker.model)
        self._unavailable = unavailable
        self._ranks = {pick.product_id: rank for rank, pick in enumerate(picks, 1)}
        uncapped = ranker.settings.model_copy(update={"category_cap": PICKS_LENGTH})
        self._uncapped = {
            pick.product_id
            for pick in replace(ranker, settings=uncapped).rank(shopper)
            if pick.because_of is not None
        }

    def of(self, product_id: int) -> str:
        """Return what became of the candidate."""
        for verdict, applies in (
            ("bought", product_id in self._shopper.owned),
            ("in the cart", product_id in self._shopper.in_cart),
            ("just seen", product_id in self._shopper.seen),
            ("bought in another colour", product_id in self._excluded),
            ("sold out or withdrawn", product_id in self._unavailable),
        ):
            if applies:
                return verdict
        if product_id in self._ranks:
            return f"pick {self._ranks[product_id]}"
        is_capped = product_id in self._uncapped
        return "too many of its category" if is_capped else "below the last pick"
