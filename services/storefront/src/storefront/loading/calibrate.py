"""Fit the price distributions to a real catalogue with prices, and print them as prices.toml.

`python -m storefront.loading.calibrate myntra_products_catalog.csv[.gz] > prices.toml`
The file needs the columns Product_Name, Product_Brand and Price (INR).
"""

import csv
import gzip
import math
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import typer

from storefront.loading.assortment import ArticleType, read_assortment
from storefront.loading.prices import Lognormal

FEWEST_SAMPLES = 3
# One brand's prices are too much alike for a shop of many; cheap and dear brands are no one bell.
SIGMA_RANGE = (0.15, 1.0)
LEAST_RANGE = (0.7, 1.5)
# The middle half of a normal distribution is this many standard deviations wide.
_QUARTILE_WIDTH = 1.349

Prices = dict[str, list[float]]


class ArticleTypes:
    """Finds the article type that a product's name speaks of."""

    def __init__(self, article_types: Iterable[ArticleType]) -> None:
        self._patterns = [
            (re.compile(rf"\b{re.escape(word)}(?:s|es)?\b"), article)
            for article in article_types
            for word in article.keywords
        ]

    def find(self, name: str, brand: str) -> ArticleType | None:
        """Return the type named last, as the head noun comes last; the longest of several.

        The brand does not count ("Pepe Jeans"), nor does what comes with the product.
        """
        text = name.lower().removeprefix(brand.lower()).split(" with ")[0]
        matches = (
            (match.end(), match.end() - match.start(), article)
            for pattern, article in self._patterns
            for match in pattern.finditer(text)
        )
        best = max(matches, key=lambda found: found[:2], default=None)
        return None if best is None else best[2]


def fit(prices: list[float]) -> Lognormal:
    """Return the lognormal with the prices' median and middle half; outliers do not move it."""
    median = statistics.median(prices)
    quarter, _, three_quarters = statistics.quantiles(map(math.log, prices), n=4)
    ordered = sorted(prices)
    tail = len(prices) // 100
    return Lognormal(
        median=round(median),
        sigma=_within(SIGMA_RANGE, round((three_quarters - quarter) / _QUARTILE_WIDTH, 2)),
        low=round(min(ordered[tail], median * LEAST_RANGE[0])),
        high=round(max(ordered[-1 - tail], median * LEAST_RANGE[1])),
        samples=len(prices),
    )


def collect(rows: Iterable[dict[str, str]]) -> dict[str, Prices]:
    """Return the prices of every group of every level."""
    types = ArticleTypes(read_assortment().article_types)
    groups: dict[str, Prices] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        article = types.find(row["Product_Name"], row["Product_Brand"])
        if article is None or not (price := float(row["Price"] or 0)) > 0:
            continue
        groups["overall"][""].append(price)
        groups["master_categories"][article.master_category].append(price)
        groups["sub_categories"][article.sub_category].append(price)
        groups["article_types"][article.name].append(price)
    return groups


def as_toml(groups: dict[str, Prices]) -> Iterator[str]:
    """Yield the lines of prices.toml: each group with enough prices to trust."""
    yield "# Fitted by storefront.loading.calibrate to real prices in INR (docs/decisions/0002)."
    for level, prices in groups.items():
        yield f"\n[{level}]"
        for name in sorted(prices):
            if len(prices[name]) < FEWEST_SAMPLES:
                continue
            found = fit(prices[name])
            values = [f"{key} = {value}" for key, value in vars(found).items()]
            yield "\n".join(values) if not name else f'"{name}" = {{ {", ".join(values)} }}'


def _within(bounds: tuple[float, float], value: float) -> float:
    return max(bounds[0], min(bounds[1], value))


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def main(path: Path) -> None:
    """Print the distributions fitted to the file."""
    with _open(path) as file:
        sys.stdout.write("\n".join(as_toml(collect(csv.DictReader(file)))) + "\n")


if __name__ == "__main__":
    typer.run(main)
