"""The first stock: never none, more of cheap things, very little of a few."""

import statistics
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from storefront.loading.first_stock import StockModel

STOCK = StockModel(seed=7)


def units(price: int, count: int = 2_000) -> list[int]:
    return [STOCK.units_of(product_id, Decimal(price)) for product_id in range(count)]


@given(st.integers(min_value=0), st.integers(min_value=1), st.decimals(1, 10**6, places=2))
def test_stock_is_at_least_one_and_bounded(seed: int, product_id: int, price: Decimal) -> None:
    assert 1 <= StockModel(seed).units_of(product_id, price) <= STOCK.most_units


def test_the_same_seed_gives_the_same_stock() -> None:
    assert units(500) == units(500)


def test_there_is_more_of_cheap_things() -> None:
    assert statistics.median(units(250)) > 1.8 * statistics.median(units(1_000))


def test_very_little_is_left_of_a_few() -> None:
    scarce = [count for count in units(1_000) if count <= STOCK.scarce_units]
    assert 20 <= len(scarce) <= 80
    assert set(scarce) == {1, 2, 3}
