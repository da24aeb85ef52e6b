"""Shelves around products, the same for everybody: what is like one, what goes with a cart."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from fashion_contracts.picks import Reason
from fashion_kit.ids import IdFactory
from recommender.errors import UnknownProductError
from recommender.model.layers import LayeredModel
from recommender.picks.catalogue import EVERYTHING, Catalogue, Narrowing
from recommender.picks.encoding import SCORE_DIGITS
from recommender.picks.rankers import Rankers
from recommender.picks.ranking import Ranker
from recommender.picks.schemas import Shelf, ShelfProduct, ShelfSource
from recommender.refreshing import Refreshing
from recommender.trends.schemas import GLOBAL, category_scope

Rows = Callable[[int], Sequence[tuple[int, float]]]
"""What is around a product, with weights: a table of the model."""


class ShelvesService:
    """Answers what stands around products."""

    def __init__(
        self, rankers: Rankers, catalogue: Refreshing[Catalogue], make_id: IdFactory
    ) -> None:
        self._rankers = rankers
        self._catalogue = catalogue
        self._make_id = make_id

    def similar(self, product_id: int, limit: int) -> Shelf:
        """Return what is looked at around the product; raise UnknownProductError.

        Where that is too little, what is trending of its article type, then what is new of it.
        """
        catalogue = self._catalogue.value
        if len(catalogue) and product_id not in catalogue:
            raise UnknownProductError(product_id)
        ranker = self._rankers.current()
        alike = catalogue.same_article_type([product_id])
        candidates: list[Iterable[ShelfProduct]] = []
        if ranker.model is not None:
            rows = ranker.model.neighbours_of
            candidates.append(_around([product_id], rows, ShelfSource.NEIGHBOURS, Reason.SIMILAR))
        kind = catalogue.kind_of(product_id)
        scopes = [category_scope(kind.master_category)] if kind and kind.master_category else []
        candidates.append(_trending(ranker, catalogue, scopes, alike))
        candidates.append(_newest(catalogue, alike))
        return self._shelf(ranker, catalogue, [product_id], candidates, limit)

    def goes_with(self, product_ids: Sequence[int], limit: int) -> Shelf:
        """Return what completes these products: other article types first.

        Where nothing is known to be bought with them, what is looked at around them, then what is
        trending, then what is new.
        """
        catalogue, ranker = self._catalogue.value, self._rankers.current()
        candidates: list[Iterable[ShelfProduct]] = []
        if (model := ranker.model) is not None:
            owned = catalogue.same_article_type(product_ids)
            together = [
                *_around(product_ids, model.together_of, ShelfSource.TOGETHER, Reason.GOES_WITH)
            ]
            candidates.append(
                sorted(together, key=lambda one: catalogue.fits(one.product_id, owned))
            )
            rows = model.neighbours_of
            candidates.append(_around(product_ids, rows, ShelfSource.NEIGHBOURS, Reason.SIMILAR))
        candidates += [_trending(ranker, catalogue), _newest(catalogue)]
        return self._shelf(ranker, catalogue, product_ids, candidates, limit)

    def _shelf(
        self,
        ranker: Ranker,
        catalogue: Catalogue,
        around: Sequence[int],
        candidates: Iterable[Iterable[ShelfProduct]],
        limit: int,
    ) -> Shelf:
        buyable = (
            product
            for product in chain.from_iterable(candidates)
            if product.product_id not in catalogue.unavailable
        )
        return Shelf(
            recommendation_id=self._make_id(),
            model_version=ranker.version,
            items=list(islice(_one_of_each_family(buyable, around, ranker.model), limit)),
        )


def _around(
    product_ids: Sequence[int], rows: Rows, source: ShelfSource, reason: Reason
) -> Iterator[ShelfProduct]:
    """Yield what these products' rows name, by the sum of its weights."""
    scores: dict[int, float] = {}
    speakers: dict[int, tuple[float, int]] = {}
    for own in dict.fromkeys(product_ids):
        for product_id, weight in rows(own):
            scores[product_id] = scores.get(product_id, 0) + weight
            speakers[product_id] = max(speakers.get(product_id, (0, 0)), (weight, own))
    top = max(scores.values(), default=1)
    for product_id in sorted(scores, key=scores.__getitem__, reverse=True):
        yield ShelfProduct(
            product_id=product_id,
            score=round(scores[product_id] / top, SCORE_DIGITS),
            reason=reason.code,
            source=source,
            because_of=speakers[product_id][1],
        )


def _trending(
    ranker: Ranker,
    catalogue: Catalogue,
    scopes: Sequence[str] = (),
    wanted: Narrowing = EVERYTHING,
) -> Iterator[ShelfProduct]:
    for product_id, score in (*ranker.trends.best(*scopes), *ranker.trends.best(GLOBAL)):
        if catalogue.fits(product_id, wanted):
            yield ShelfProduct(
                product_id=product_id,
                score=round(score, SCORE_DIGITS),
                reason=Reason.TRENDING.code,
                source=ShelfSource.TRENDING,
            )


def _newest(catalogue: Catalogue, wanted: Narrowing = EVERYTHING) -> Iterator[ShelfProduct]:
    for product_id in catalogue.newest_of(wanted):
        yield ShelfProduct(
            product_id=product_id, score=0, reason=Reason.NEW.code, source=ShelfSource.NEWEST
        )


def _one_of_each_family(
    products: Iterable[ShelfProduct], around: Iterable[int], model: LayeredModel | None
) -> Iterator[ShelfProduct]:
    """Yield each product once, one of each family, and none of the family of those around."""
    ids = set(around)
    families = {_family_of(product_id, model) for product_id in ids} - {None}
    for product in products:
        family = _family_of(product.product_id, model)
        if product.product_id in ids or family in families:
            continue
        ids.add(product.product_id)
        if family is not None:
            families.add(family)
        yield product


def _family_of(product_id: int, model: LayeredModel | None) -> int | None:
    facts = None if model is None else model.facts_of(product_id)
    return None if facts is None else facts.family
