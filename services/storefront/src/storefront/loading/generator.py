"""The generated catalogue: believable products in the Kaggle shape, the same for the same seed.

Products come in families: one brand, article, gender and style in one or several colours.
"""

from collections.abc import Iterator, Mapping
from itertools import count as count_from
from itertools import islice
from random import Random
from typing import TypeVar

from storefront.loading.assortment import ArticleType, Assortment, read_assortment
from storefront.loading.new_product import NewProduct

FIRST_ID = 1001
_KIDS = {"Boys", "Girls"}
_SHADES = range(1, 100)
_BRAND_FALLOFF = 0.7  # a brand's share falls with this power of its rank

T = TypeVar("T")


def generate(count: int, *, seed: int) -> Iterator[NewProduct]:
    """Yield `count` products; a larger count of the same seed begins with the same products."""
    return islice(_products(read_assortment(), seed), count)


def _products(assortment: Assortment, seed: int) -> Iterator[NewProduct]:
    random = Random(seed)  # noqa: S311 - repeatable products are the point
    shares = _family_shares(assortment)
    ids = count_from(FIRST_ID)
    while True:
        yield from _family(assortment, _choice(random, shares), random=random, ids=ids)


def _family_shares(assortment: Assortment) -> dict[ArticleType, float]:
    """Return how often each article type starts a family, so that its products have its weight."""
    return {
        article: article.weight / _mean_family_size(article, assortment.family_sizes)
        for article in assortment.article_types
    }


def _mean_family_size(article: ArticleType, sizes: Mapping[int, float]) -> float:
    total = sum(min(size, article.most_colours) * weight for size, weight in sizes.items())
    return total / sum(sizes.values())


def _family(
    assortment: Assortment, article: ArticleType, *, random: Random, ids: Iterator[int]
) -> Iterator[NewProduct]:
    """Yield the products of one new family."""
    gender = _choice(random, article.genders)
    season, year = _choice(random, article.seasons).split(" ")
    usage = _choice(random, article.usages)
    words = {
        "brand": _brand(random, assortment.brands["kids" if gender in _KIDS else article.brands]),
        "gender": gender,
        "line": random.choice(assortment.lines),
        "look": random.choice(article.looks),
        "cut": random.choice(article.cuts),
        "number": random.choice(_SHADES),
    }
    size = min(_choice(random, assortment.family_sizes), article.most_colours)
    for colour in _distinct(random, article.colours, size):
        yield NewProduct(
            id=next(ids),
            gender=gender,
            master_category=article.master_category,
            sub_category=article.sub_category,
            article_type=article.name,
            base_colour=colour,
            season=season,
            year=int(year),
            usage=usage or None,
            product_display_name=_name(article.pattern, **words, colour=colour),
        )


def _name(pattern: str, **words: object) -> str:
    return " ".join(pattern.format(**words).split())


def _brand(random: Random, brands: tuple[str, ...]) -> str:
    shares = {brand: rank**-_BRAND_FALLOFF for rank, brand in enumerate(brands, start=1)}
    return _choice(random, shares)


def _choice(random: Random, weights: Mapping[T, float]) -> T:
    return random.choices(list(weights), list(weights.values()))[0]


def _distinct(random: Random, weights: Mapping[T, float], size: int) -> Iterator[T]:
    """Yield `size` different values, the heavy ones more often and earlier."""
    left = dict(weights)
    for _ in range(size):
        chosen = _choice(random, left)
        del left[chosen]
        yield chosen
