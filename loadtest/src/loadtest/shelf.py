"""The products as shoppers see them: what hangs beside what, what is popular, what goes together.

Popularity and looks follow from the product's id alone, so that the written history and tomorrow's
crowd agree on them without sharing anything.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate
from math import exp
from random import Random
from typing import Any, NamedTuple

from loadtest.errors import ShelfEmptyError

LOOKS = 12
"""How many hidden styles there are. Nothing in the catalogue tells them; co-visitation can."""

# Attention by rank, fitted so that the sessions' clicks come out as on a real clothing shop of 217
# products: a slope of -0.45 over the top 100, half of the clicks on the top 50. It is steeper than
# that because nobody looks at one product all the time. The tail falls with the rank's share of the
# shop; what that adds to the slope of a small shop's head is taken off the power again.
_MEASURED_SHOP_SIZE = 217
_HEAD_SLOPE = 0.62
_TAIL_FALL = 1.95
_TAIL_SLOPE = 0.18

# How often a bucket is drawn from at random before it is looked through from end to end: the more
# products it has, the longer that would take.
_MOST_TRIES = 40
_TRIES_PER_PRODUCT = 3


@dataclass(frozen=True)
class ShelfProduct:
    """What a shopper can tell of a product from the outside, and the look they feel."""

    id: int
    category: str
    colour: str
    price: Decimal
    gender: str | None = None
    article_type: str | None = None

    @cached_property
    def look(self) -> int:
        """Return the hidden style it belongs to."""
        return _hash_of(self.id, b"look") % LOOKS

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "ShelfProduct":
        """Read a product of the API, or a line of a products file."""
        return cls(
            id=int(row["id"]),
            category=row.get("sub_category") or row.get("master_category") or "Other",
            colour=row.get("base_colour") or "Other",
            price=Decimal(str(row["price"])),
            gender=row.get("gender"),
            article_type=row.get("article_type"),
        )


@dataclass(frozen=True)
class Market:
    """What is on offer, in shares: categories for each gender (None: anybody), colours, looks."""

    departments: Mapping[str | None, Mapping[str, float]]
    colours: Mapping[str, float]
    looks: Mapping[int, float]

    def categories(self, genders: Collection[str]) -> dict[str, float]:
        """Return how much of each category there is for these genders; for all, if nothing is."""
        fitting = [
            categories
            for gender, categories in self.departments.items()
            if gender is None or gender in genders
        ]
        shares: dict[str, float] = defaultdict(float)
        for categories in fitting or self.departments.values():
            for category, share in categories.items():
                shares[category] += share
        return dict(shares)


class Kind(NamedTuple):
    """What a shopper is after: a category, in any colour and look unless they are named."""

    category: str
    colour: str | None = None
    look: int | None = None


Appeal = Callable[[ShelfProduct], float]
"""How much of its popularity a product keeps for one shopper: 0 (not for them) to 1."""


class Shelf:
    """All products, ready to be chosen from by popularity, category and colour."""

    def __init__(
        self, products: Iterable[ShelfProduct], popularity: Mapping[int, float] | None = None
    ) -> None:
        by_popularity = sorted(products, key=lambda product: _hash_of(product.id, b"rank"))
        if not by_popularity:
            raise ShelfEmptyError
        self._products = {product.id: product for product in by_popularity}
        self.popularity = popularity or dict(
            zip(self._products, popularity_weights(len(self._products)), strict=True)
        )
        self._parts: dict[frozenset[str], Shelf] = {}
        self._buckets = self._sort_into_buckets()
        self._dearness = self._rank_by_price()
        self.market = self._measure_market()

    def __len__(self) -> int:
        return len(self._products)

    def get(self, product_id: int) -> ShelfProduct | None:
        """Return the product, or None if it is not on the shelf."""
        return self._products.get(product_id)

    def part_for(self, genders: frozenset[str]) -> "Shelf":
        """Return what is for these genders or for anybody; the whole shelf, if nothing is."""
        if genders not in self._parts:
            fitting = [
                p for p in self._products.values() if p.gender is None or p.gender in genders
            ]
            self._parts[genders] = Shelf(fitting, self.popularity) if fitting else self
        return self._parts[genders]

    def dearness(self, product: ShelfProduct) -> float:
        """Return where its price stands in its category: 0 the cheapest, 1 the dearest."""
        return self._dearness.get(product.id, 0.5)

    @cached_property
    def median_price(self) -> Decimal:
        """Return the price that half of the products do not exceed."""
        prices = sorted(product.price for product in self._products.values())
        return prices[(len(prices) - 1) // 2]

    def most_popular(self, count: int) -> list[ShelfProduct]:
        """Return so many products, the most popular first."""
        ranked = sorted(self._products, key=lambda id_: self.popularity[id_], reverse=True)
        return [self._products[id_] for id_ in ranked[:count]]

    def draw(self, rng: Random, appeal: Appeal, kind: Kind) -> ShelfProduct | None:
        """Choose a product by popularity and appeal; None if nothing of the kind appeals."""
        bucket = self._buckets.get(kind)
        return None if bucket is None else bucket.draw(rng, appeal)

    def draw_any(self, rng: Random, category: str) -> ShelfProduct:
        """Choose a product of the category by popularity alone."""
        return self._buckets[Kind(category)].draw_any(rng)

    def _sort_into_buckets(self) -> dict[Kind, "_Bucket"]:
        members: dict[Kind, list[ShelfProduct]] = defaultdict(list)
        for product in self._products.values():
            for colour in (None, product.colour):
                for look in (None, product.look):
                    members[Kind(product.category, colour, look)].append(product)
        return {kind: _Bucket(alike, self.popularity) for kind, alike in members.items()}

    def _rank_by_price(self) -> dict[int, float]:
        ranks: dict[int, float] = {}
        for kind, bucket in self._buckets.items():
            if kind == Kind(kind.category):
                by_price = sorted(bucket.products, key=lambda product: product.price)
                last = max(len(by_price) - 1, 1)
                ranks.update((product.id, i / last) for i, product in enumerate(by_price))
        return ranks

    def _measure_market(self) -> Market:
        departments: dict[str | None, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        colours: dict[str, float] = defaultdict(float)
        looks: dict[int, float] = defaultdict(float)
        for product in self._products.values():
            weight = self.popularity[product.id]
            departments[product.gender][product.category] += weight
            colours[product.colour] += weight
            looks[product.look] += weight
        return Market(departments, colours, looks)


class _Bucket:
    """Products of one kind, the popular ones drawn more often."""

    def __init__(self, products: list[ShelfProduct], popularity: Mapping[int, float]) -> None:
        self.products = products
        self._weights = [popularity[product.id] for product in products]
        self._cumulative = list(accumulate(self._weights))

    def draw(self, rng: Random, appeal: Appeal) -> ShelfProduct | None:
        for _ in range(min(_MOST_TRIES, _TRIES_PER_PRODUCT * len(self.products))):
            product = self.draw_any(rng)
            if rng.random() < appeal(product):
                return product
        return self._draw_slowly(rng, appeal)

    def draw_any(self, rng: Random) -> ShelfProduct:
        # The last sum may be a rounding error above every other: never look beyond the end.
        index = bisect(self._cumulative, rng.random() * self._cumulative[-1])
        return self.products[min(index, len(self.products) - 1)]

    def _draw_slowly(self, rng: Random, appeal: Appeal) -> ShelfProduct | None:
        weights = [
            weight * appeal(product)
            for product, weight in zip(self.products, self._weights, strict=True)
        ]
        return rng.choices(self.products, weights)[0] if any(weights) else None


def popularity_weights(count: int) -> list[float]:
    """Return the share of attention of each rank, the most popular first."""
    power = _HEAD_SLOPE - _TAIL_SLOPE * min(1.0, _MEASURED_SHOP_SIZE / count)
    weights = [rank**-power * exp(-_TAIL_FALL * rank / count) for rank in range(1, count + 1)]
    total = sum(weights)
    return [weight / total for weight in weights]


def _hash_of(product_id: int, purpose: bytes) -> int:
    digest = blake2b(str(product_id).encode(), digest_size=8, person=purpose)
    return int.from_bytes(digest.digest())
