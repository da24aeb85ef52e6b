"""Prices: drawn for each product from its article type's distribution, the same for the same seed.

The distributions were fitted to real prices (docs/decisions/0002); prices.toml keeps the parameters
alone.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

from storefront.loading.draws import standard_normal
from storefront.loading.new_product import NewProduct

CURRENCY = "INR"
LOWEST_PRICE = Decimal(49)
_FILE = Path(__file__).with_name("prices.toml")
# Up to the first number a price ends one below a multiple of the second: 849, 2,199, 12,499.
_STEPS = ((2_000, 50), (10_000, 100), (math.inf, 500))


@dataclass(frozen=True)
class Lognormal:
    """A fitted distribution of prices, kept within the prices that it was fitted to."""

    median: float
    sigma: float
    low: float
    high: float
    samples: int
    """How many real prices it was fitted to."""

    def at(self, z: float) -> float:
        """Return the price that lies z standard deviations from the median."""
        return max(self.low, min(self.high, self.median * math.exp(self.sigma * z)))


@dataclass(frozen=True)
class PriceFits:
    """The distributions, from the narrowest group to the widest."""

    article_types: Mapping[str, Lognormal]
    sub_categories: Mapping[str, Lognormal]
    master_categories: Mapping[str, Lognormal]
    overall: Lognormal

    def best_for(self, product: NewProduct) -> Lognormal:
        """Return the distribution of the narrowest group of the product that has one."""
        return (
            self.article_types.get(product.article_type or "")
            or self.sub_categories.get(product.sub_category or "")
            or self.master_categories.get(product.master_category or "")
            or self.overall
        )


@cache
def read_fits() -> PriceFits:
    """Return the fitted distributions that the shop comes with."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return PriceFits(
        overall=Lognormal(**tables.pop("overall")),
        **{
            level: {name: Lognormal(**fit) for name, fit in fits.items()}
            for level, fits in tables.items()
        },
    )


@dataclass(frozen=True)
class PriceModel:
    """What each product costs: a function of the seed and the product, not of the rows around it.

    The amounts were fitted in rupees; another currency changes their name, not their size.
    """

    seed: int
    currency: str = CURRENCY
    fits: PriceFits = field(default_factory=read_fits)

    def price_of(self, product: NewProduct) -> Decimal:
        """Return the product's price."""
        z = standard_normal("price", seed=self.seed, product_id=product.id)
        return retail_price(self.fits.best_for(product).at(z))


def retail_price(amount: float) -> Decimal:
    """Return the nearest price that a shop would print: one below a round number."""
    step = next(step for limit, step in _STEPS if amount < limit)
    return max(LOWEST_PRICE, Decimal(round(amount / step) * step - 1)).quantize(Decimal("0.01"))
