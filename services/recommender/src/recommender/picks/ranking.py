"""Ranking: a pure function of what is known of a shopper, the model and the trends. No I/O.

The ladder: neighbours of what was looked at in this session, of what was looked at before, what is
trending in the shopper's segment, what is trending everywhere, what is new.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import NamedTuple, Self
from zlib import crc32

from fashion_contracts.events import EventType
from fashion_contracts.picks import (
    PICKS_LENGTH,
    TICKS_PER_SECOND,
    Act,
    Pick,
    Reason,
    Shopper,
    Source,
    rounded_score,
)
from recommender.model.layers import LayeredModel
from recommender.settings import RankingSettings
from recommender.trends.schemas import (
    GLOBAL,
    Trends,
    category_scope,
    gender_scope,
    segment_scope,
)


class Anchor(NamedTuple):
    """A product of the history that speaks for its neighbours."""

    product_id: int
    weight: float
    reason: Reason
    source: Source


class Excluded:
    """What is not recommended: the just seen, the cart, and what was bought, in any colour."""

    def __init__(
        self, shopper: Shopper, model: LayeredModel | None, *, with_seen: bool = True
    ) -> None:
        self._model = model
        self._ids = shopper.owned | shopper.in_cart | (shopper.seen if with_seen else set())
        self._families = {family for family in map(self._family_of, shopper.owned) if family}

    def __contains__(self, product_id: int) -> bool:
        """Say whether the product must not be recommended."""
        if product_id in self._ids:
            return True
        return bool(self._families) and self._family_of(product_id) in self._families

    def sift(self, product_ids: Iterable[int]) -> Iterator[int]:
        """Yield those that are not excluded."""
        ids = self._ids
        if not self._families:
            # Nearly everybody, at every click: one lookup each and no call.
            return (product_id for product_id in product_ids if product_id not in ids)
        return (product_id for product_id in product_ids if product_id not in self)

    def add(self, product_id: int) -> None:
        """Exclude one product more: the one just picked."""
        self._ids.add(product_id)

    def _family_of(self, product_id: int) -> int | None:
        facts = self._model.facts_of(product_id) if self._model else None
        return facts.family if facts else None


@dataclass(frozen=True)
class Ranker:
    """Ranks by one model and one state of the trends."""

    settings: RankingSettings
    model: LayeredModel | None
    trends: Trends
    newest: Sequence[int] = ()

    @property
    def version(self) -> str | None:
        """Return the version of the model, if there is one."""
        return self.model.version if self.model else None

    def by(self, settings: RankingSettings) -> Self:
        """Return the ranker that ranks by these settings."""
        if settings is self.settings:
            return self
        model = self.model and self.model.with_delta_weight(settings.delta_weight)
        return replace(self, settings=settings, model=model)

    def rank(self, shopper: Shopper) -> tuple[Pick, ...]:
        """Return the shopper's picks, best first.

        One rank is kept for a new product and at least the last for a trending one, so that what
        has no neighbours yet can be clicked at all.
        """
        excluded = Excluded(shopper, self.model)
        anchors = anchors_of(shopper, self.settings)
        picks = [*_taken(self._personal(anchors, excluded), PICKS_LENGTH - 2, excluded)]
        picks += _taken(self._trending(anchors), PICKS_LENGTH - 1 - len(picks), excluded)
        new = [*_taken(self._new(shopper), PICKS_LENGTH - len(picks), excluded)]
        rank = self.settings.new_product_rank - 1
        return (*picks[:rank], *new[:1], *picks[rank:], *new[1:])

    def fallbacks(self, shopper: Shopper, excluded: Excluded) -> Iterator[Pick]:
        """Yield what is recommended when nothing personal is left: trending, then new."""
        anchors = anchors_of(shopper, self.settings)
        for candidates in (self._trending(anchors), self._new(shopper)):
            yield from _taken(candidates, None, excluded)

    def _personal(self, anchors: Sequence[Anchor], excluded: Excluded) -> Iterator[Pick]:
        model = self.model
        if model is None:
            return
        scores, speakers = neighbour_scores(anchors, model, self.settings.anchor_decay)
        ordered = sorted(scores, key=scores.__getitem__, reverse=True)
        top = scores[ordered[0]] if ordered else 1.0
        cap, cap_from = self.settings.category_cap, self.settings.category_cap_from
        shown: Counter[str] = Counter()
        rank = 0
        for product_id in excluded.sift(ordered):
            facts = model.facts_of(product_id)
            category = facts.category if facts else ""
            if rank >= cap_from and shown[category] >= cap:
                continue
            shown[category] += 1
            rank += 1
            anchor = speakers[product_id]
            score = rounded_score(scores[product_id] / top)
            yield Pick(product_id, score, anchor.source, anchor.reason, anchor.product_id)

    def _trending(self, anchors: Sequence[Anchor]) -> Iterator[Pick]:
        scopes = scopes_of(anchors, self.model)
        for product_id, score in self.trends.best(*scopes):
            yield Pick(product_id, rounded_score(score), Source.SEGMENT, Reason.IN_SEGMENT)
        for product_id, score in self.trends.best(GLOBAL):
            yield Pick(product_id, rounded_score(score), Source.TRENDING, Reason.TRENDING)

    def _new(self, shopper: Shopper) -> Iterator[Pick]:
        """Yield new products, for each shopper from another place on: all get their chance."""
        newest = self.newest or (self.model.newest if self.model else ())
        start = crc32(shopper.user_id.encode()) % max(len(newest), 1)
        for product_id in chain(islice(newest, start, None), islice(newest, start)):
            yield Pick(product_id, 0.0, Source.NEWEST, Reason.NEW)


def _taken(candidates: Iterable[Pick], count: int | None, excluded: Excluded) -> Iterator[Pick]:
    """Yield so many of the candidates that are not excluded, and exclude them from then on."""
    allowed = (pick for pick in candidates if pick.product_id not in excluded)
    for pick in islice(allowed, count):
        excluded.add(pick.product_id)
        yield pick


def neighbour_scores(
    anchors: Sequence[Anchor], model: LayeredModel, decay: float
) -> tuple[dict[int, float], dict[int, Anchor]]:
    """Return each neighbour's score by product, and the latest anchor that speaks for it."""
    scores: dict[int, float] = {}
    heard: list[tuple[list[int], Anchor]] = []
    for age, anchor in enumerate(anchors):
        for (neighbours, weights), unit in model.rows_of(anchor.product_id):
            strength = anchor.weight * decay**age * unit
            for neighbour, weight in zip(neighbours, weights, strict=True):
                scores[neighbour] = scores.get(neighbour, 0.0) + weight * strength
            heard.append((neighbours, anchor))
    speakers: dict[int, Anchor] = {}
    for neighbours, anchor in reversed(heard):
        speakers.update(dict.fromkeys(neighbours, anchor))
    return scores, speakers


def anchors_of(shopper: Shopper, settings: RankingSettings) -> list[Anchor]:
    """Return the latest distinct products, latest first, each with what its acts say.

    What was taken out of the cart again, or given back, says no more than that it was looked at.
    """
    carted, owned = shopper.in_cart, shopper.owned
    anchors: dict[int, Anchor] = {}
    for act, source in _acts_latest_first(shopper.history, settings):
        weight, reason = settings.weight_view, Reason.VIEWED
        if act.type is EventType.PURCHASE and act.product_id in owned:
            weight, reason = settings.weight_purchase, Reason.BOUGHT
        elif act.type is EventType.ADD_TO_CART and act.product_id in carted:
            weight, reason = settings.weight_cart, Reason.CARTED
        known = anchors.get(act.product_id)
        if known is None:
            anchors[act.product_id] = Anchor(act.product_id, weight, reason, source)
        elif weight > known.weight:
            anchors[act.product_id] = known._replace(weight=weight, reason=reason)
    return list(islice(anchors.values(), settings.anchors))


def scopes_of(anchors: Sequence[Anchor], model: LayeredModel | None) -> list[str]:
    """Return the trends' scopes that fit the shopper best, the closest first.

    The segment is the kind of things that most of the anchors' weight lies on; of two alike it is
    the one looked at last.
    """
    interest: dict[tuple[str, str], float] = {}
    for anchor in anchors:
        facts = model.facts_of(anchor.product_id) if model else None
        if facts is not None:
            segment = (facts.gender, facts.master)
            interest[segment] = interest.get(segment, 0.0) + anchor.weight
    if not interest:
        return []
    gender, master = max(interest, key=interest.__getitem__)
    return [segment_scope(gender, master), category_scope(master), gender_scope(gender)]


def _acts_latest_first(
    history: Sequence[Act], settings: RankingSettings
) -> Iterator[tuple[Act, Source]]:
    gap = settings.session_gap.total_seconds() * TICKS_PER_SECOND
    source = Source.SESSION
    later: Act | None = None
    for act in reversed(history):
        if later is not None and later.ticks - act.ticks > gap:
            source = Source.USER
        later = act
        yield act, source
