"""Picks as they are served: the stored ones, less what cannot be bought, and never none."""

from collections.abc import Iterable, Iterator
from itertools import islice

from fashion_contracts.picks import Pick, Shopper, instant_of
from fashion_kit.ids import IdFactory
from recommender.errors import NothingToRecommendError
from recommender.picks.rankers import Rankers
from recommender.picks.ranking import Excluded, Ranker
from recommender.picks.repository import PicksRepository
from recommender.picks.schemas import Availability, Recommendations, RecommendedProduct
from recommender.refreshing import Refreshing

SCORE_DIGITS = 4


class PicksService:
    """Answers what to recommend to a shopper."""

    def __init__(
        self,
        shoppers: PicksRepository,
        rankers: Rankers,
        availability: Refreshing[Availability],
        make_id: IdFactory,
    ) -> None:
        self._shoppers = shoppers
        self._rankers = rankers
        self._availability = availability
        self._make_id = make_id

    def recommend(self, user_id: str, limit: int) -> Recommendations:
        """Return the shopper's first picks; raise NothingToRecommendError in an empty shop.

        Blocks for one read of DynamoDB; everything else is in memory.
        """
        shopper = self._shoppers.get(user_id)
        availability = self._availability.value
        ranker = self._rankers.current(availability.newest)
        picks = self._picks(shopper, ranker, availability, limit)
        if not picks:
            raise NothingToRecommendError
        last = shopper.last_ticks
        return Recommendations(
            user_id=user_id,
            recommendation_id=self._make_id(),
            model_version=ranker.model.version if ranker.model else None,
            generated_at=None if last is None else instant_of(last),
            items=[_shown(pick) for pick in picks],
        )

    def _picks(
        self, shopper: Shopper, ranker: Ranker, availability: Availability, limit: int
    ) -> list[Pick]:
        stored = _stored_or_ranked(shopper, ranker)
        picks = list(islice(_available(stored, availability), limit))
        for with_seen in (True, False):
            if len(picks) == limit or (picks and not with_seen):
                break
            # Only when nothing else is left is a product shown that was just seen.
            excluded = Excluded(shopper, ranker.model, with_seen=with_seen)
            for pick in picks:
                excluded.add(pick.product_id)
            more = _available(ranker.fallbacks(shopper, excluded), availability)
            picks += islice(more, limit - len(picks))
        return picks


def _stored_or_ranked(shopper: Shopper, ranker: Ranker) -> tuple[Pick, ...]:
    """Return the stored picks, or fresh ones where a newer model than theirs is in use.

    Picks are a function of the history, so a new model needs no rewriting of shoppers.
    """
    version = ranker.model.version if ranker.model else None
    if shopper.picks and shopper.model == version:
        return shopper.picks
    return ranker.rank(shopper)


def _available(picks: Iterable[Pick], availability: Availability) -> Iterator[Pick]:
    return (pick for pick in picks if pick.product_id not in availability.unavailable)


def _shown(pick: Pick) -> RecommendedProduct:
    return RecommendedProduct(
        product_id=pick.product_id,
        score=round(pick.score, SCORE_DIGITS),
        reason=pick.reason.code,
        source=pick.source,
        because_of=pick.because_of,
    )
