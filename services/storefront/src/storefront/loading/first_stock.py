"""The stock a product starts with: more of what is cheap, and very little of a few."""

import math
from dataclasses import dataclass
from decimal import Decimal

from storefront.loading.draws import standard_normal, uniform


@dataclass(frozen=True)
class StockModel:
    """How many units a product starts with: a function of the seed, the product and its price."""

    seed: int
    median_units: float = 60
    """The median stock of a product at the reference price."""
    reference_price: float = 1_000
    """The price at which the median holds."""
    elasticity: float = 0.5
    """How stock falls with price: at 0.5 a product four times as dear has half the stock."""
    spread: float = 0.6
    """The standard deviation of the stock's logarithm."""
    scarce_share: float = 0.02
    """The share of products that are nearly gone."""
    most_units: int = 1_000
    """The most units that any product has."""
    scarce_units: int = 3
    """The most units that a product has which is nearly gone."""

    def units_of(self, product_id: int, price: Decimal) -> int:
        """Return the product's first stock, at least one."""
        rank = uniform("scarce", seed=self.seed, product_id=product_id)
        if rank < self.scarce_share:
            return 1 + int(rank / self.scarce_share * self.scarce_units)
        z = standard_normal("stock", seed=self.seed, product_id=product_id)
        usual = self.median_units * math.pow(self.reference_price / float(price), self.elasticity)
        return max(1, min(self.most_units, round(usual * math.exp(self.spread * z))))
