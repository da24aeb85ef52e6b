"""Picks as they are served: the stored ones, less what cannot be bought, and never none."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from fashion_contracts.events import EventType
from fashion_contracts.picks import Act, Pick, Reason, Shopper, Source, instant_of, ticks_of
from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from recommender.errors import NothingToRecommendError
from recommender.experiments.service import ExperimentService
from recommender.picks.catalogue import EVERYTHING, Catalogue, Narrowing
from recommender.picks.encoding import SCORE_DIGITS
from recommender.picks.interest import interest_of
from recommender.picks.rankers import Rankers
from recommender.picks.ranking import Excluded, Ranker
from recommender.picks.repository import PicksRepository
from recommender.picks.schemas import (
    Chosen,
    RecentlyViewed,
    Reranked,
    RerankedProduct,
    ViewedProduct,
    Wish,
)
from recommender.picks.stored import StoredShopper
from recommender.picks.tally import PERSONAL, PicksTally
from recommender.refreshing import Refreshing
from recommender.settings import ApiSettings, RankingSettings


@dataclass(frozen=True, slots=True)
class _Sieve:
    """Lets through what can be bought and is asked for."""

    catalogue: Catalogue
    exclude: frozenset[int]
    wanted: Narrowing

    def lets(self, pick: Pick) -> bool:
        product_id = pick.product_id
        if product_id in self.catalogue.unavailable or product_id in self.exclude:
            return False
        return self.wanted is EVERYTHING or self.catalogue.fits(product_id, self.wanted)


class PicksService:
    """Answers what to recommend to a shopper."""

    def __init__(
        self,
        settings: ApiSettings,
        shoppers: PicksRepository,
        rankers: Rankers,
        catalogue: Refreshing[Catalogue],
        *,
        clock: Clock,
        make_id: IdFactory,
    ) -> None:
        self._settings = settings
        self._experiments = ExperimentService(settings.experiment, settings, make_id)
        self._shoppers = shoppers
        self._rankers = rankers
        self._catalogue = catalogue
        self._clock = clock
        self._make_id = make_id
        self.tally = PicksTally()

    async def recommend(self, user_id: str, wish: Wish) -> Chosen:
        """Return the shopper's first picks that fit the wish.

        Waits for one read of DynamoDB; everything else is in memory. Raises NothingToRecommendError
        in an empty shop, and what Catalogue.narrowing raises.
        """
        catalogue = self._catalogue.value
        wanted = EVERYTHING
        if wish.category is not None or wish.max_price is not None:
            wanted = catalogue.narrowing(wish.category, wish.max_price)
        stored = await self._shoppers.get(user_id)
        sieve = _Sieve(catalogue, wish.exclude, wanted)

        ranker = self._rankers.current(catalogue.newest)

        def rank(settings: RankingSettings) -> list[Pick]:
            return self._choose(stored, ranker.by(settings), wish, sieve)

        recommendation_id, picks = self._experiments.arrange(user_id, wish.limit, rank)
        if not picks and not wish.is_narrow:
            raise NothingToRecommendError
        self.tally.note(picks)
        last = stored.last_ticks
        return Chosen(
            user_id=user_id,
            recommendation_id=recommendation_id,
            model_version=ranker.version,
            generated_at=None if last is None else instant_of(last),
            picks=picks,
        )

    async def recently_viewed(self, user_id: str, limit: int) -> RecentlyViewed:
        """Return what the shopper looked at, each product once, the latest first."""
        shopper = (await self._shoppers.get(user_id)).whole
        catalogue = self._catalogue.value
        latest = {act.product_id: act.ticks for act in shopper.history}
        shown = sorted(filter(catalogue.is_active, latest), key=latest.__getitem__, reverse=True)
        owned = shopper.owned
        return RecentlyViewed(
            user_id=user_id,
            items=[
                ViewedProduct(
                    product_id=product_id,
                    viewed_at=instant_of(latest[product_id]),
                    is_bought=product_id in owned,
                    is_in_stock=product_id not in catalogue.unavailable,
                )
                for product_id in shown[:limit]
            ],
        )

    async def rerank(self, user_id: str, product_ids: Sequence[int]) -> Reranked:
        """Return all of these products, those that interest the shopper most first."""
        shopper = (await self._shoppers.get(user_id)).whole
        ranker = self._rankers.current()
        scores = {pick.product_id: pick.score for pick in interest_of(shopper, ranker)}
        ordered = sorted(product_ids, key=lambda product_id: -scores.get(product_id, 0.0))
        return Reranked(
            user_id=user_id,
            recommendation_id=self._make_id(),
            model_version=ranker.version,
            items=[
                RerankedProduct(
                    product_id=product_id, score=round(scores.get(product_id, 0.0), SCORE_DIGITS)
                )
                for product_id in ordered
            ],
        )

    async def forget(self, user_id: str) -> None:
        """Drop all that is known of the shopper."""
        await self._shoppers.forget(user_id, until=self._clock() + self._settings.forgotten_expiry)

    def _choose(
        self, stored: StoredShopper, ranker: Ranker, wish: Wish, sieve: _Sieve
    ) -> list[Pick]:
        ranked = self._ranked(stored, ranker, wish.context_product_id)
        if sieve.wanted is not EVERYTHING:
            # Few of the ranked picks fit, and what else is near the shopper comes before trends.
            ranked = (pick for pick in ranked if pick.source in PERSONAL)
        picks = list(islice(filter(sieve.lets, ranked), wish.limit))
        for with_seen in (True, False):
            if len(picks) == wish.limit or (picks and not with_seen):
                break
            # Only when nothing else is left is a product shown that was just seen.
            shopper = stored.whole
            excluded = Excluded(shopper, ranker.model, with_seen=with_seen)
            for pick in picks:
                excluded.add(pick.product_id)
            more = ranker.fallbacks(shopper, excluded)
            if wish.is_narrow:
                more = _further(shopper, ranker, excluded, sieve)
            picks += islice(filter(sieve.lets, more), wish.limit - len(picks))
        return picks

    def _ranked(
        self, stored: StoredShopper, ranker: Ranker, context_product_id: int | None
    ) -> Iterable[Pick]:
        """Return the stored picks, or fresh ones where they would be others.

        Picks are a function of the history, so a new model needs no rewriting of shoppers, and an
        experiment may rank by other settings. The
        product that the shopper stands before counts as looked at this moment, and is not kept.
        """
        if context_product_id is not None:
            now = ticks_of(self._clock())
            act = Act(now, 0, context_product_id, EventType.PRODUCT_VIEW)
            shopper = stored.whole
            return ranker.rank(replace(shopper, history=(*shopper.history, act)))
        are_current = stored.has_picks and stored.model == ranker.version
        if are_current and ranker.settings is self._settings:
            return stored.picks
        return ranker.rank(stored.whole)


def _further(shopper: Shopper, ranker: Ranker, excluded: Excluded, sieve: _Sieve) -> Iterator[Pick]:
    """Yield all that might fit, the ladder down to the oldest product of what is asked for."""
    newest = (
        Pick(product_id, 0.0, Source.NEWEST, Reason.NEW)
        for product_id in sieve.catalogue.newest_of(sieve.wanted)
    )
    yield from _once(interest_of(shopper, ranker), excluded)
    yield from ranker.fallbacks(shopper, excluded)
    yield from _once(newest, excluded)


def _once(picks: Iterable[Pick], excluded: Excluded) -> Iterator[Pick]:
    for pick in picks:
        if pick.product_id not in excluded:
            excluded.add(pick.product_id)
            yield pick
