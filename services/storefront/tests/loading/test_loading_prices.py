"""Prices: repeatable, printed as shops print them, and near what such things really cost."""

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.loading.new_product import NewProduct
from storefront.loading.prices import (
    LOWEST_PRICE,
    Lognormal,
    PriceFits,
    PriceModel,
    read_fits,
    retail_price,
)

ENOUGH_SAMPLES = 50
FITS = read_fits()

seeds = st.integers(min_value=0, max_value=2**63)
product_ids = st.integers(min_value=1, max_value=2**32 - 1)


def product(product_id: int = 1, **columns: Any) -> NewProduct:
    nothing: dict[str, Any] = dict.fromkeys(NewProduct.__slots__)
    return NewProduct(**nothing | {"id": product_id} | columns)


def fit_of(median: float) -> Lognormal:
    return Lognormal(median, sigma=0.5, low=1, high=10 * median, samples=100)


@given(seeds, product_ids, st.sampled_from([None, *FITS.article_types]))
def test_a_price_lies_in_its_types_range_and_ends_as_shops_print_it(
    seed: int, product_id: int, article_type: str | None
) -> None:
    price = PriceModel(seed).price_of(product(product_id, article_type=article_type))
    fit = FITS.article_types.get(article_type or "", FITS.overall)
    assert max(LOWEST_PRICE, retail_price(fit.low)) <= price <= retail_price(fit.high)
    assert price % 50 == 49
    assert price.as_tuple().exponent == -2


@given(seeds, st.lists(product_ids, unique=True, max_size=20))
def test_prices_do_not_depend_on_the_order_of_rows(seed: int, ids: list[int]) -> None:
    model = PriceModel(seed)
    forwards = {one: model.price_of(product(one)) for one in ids}
    backwards = {one: model.price_of(product(one)) for one in reversed(ids)}
    assert forwards == backwards


def test_a_price_stays_what_it_was_in_earlier_releases() -> None:
    model = PriceModel(7, fits=PriceFits({}, {}, {}, fit_of(1_000)))
    assert [model.price_of(product(one)) for one in (1, 2, 3)] == [2_099, 1_349, 2_199]


def test_another_seed_makes_other_prices() -> None:
    products = [product(one) for one in range(50)]
    prices = [[PriceModel(seed).price_of(one) for one in products] for seed in (1, 2)]
    assert prices[0] != prices[1]


@pytest.mark.parametrize(
    "article_type",
    [name for name, fit in FITS.article_types.items() if fit.samples >= ENOUGH_SAMPLES],
)
def test_the_median_is_near_the_real_one(article_type: str) -> None:
    model = PriceModel(7)
    prices = [model.price_of(product(one, article_type=article_type)) for one in range(1, 2_001)]
    assert float(statistics.median(prices)) == pytest.approx(
        FITS.article_types[article_type].median, rel=0.15
    )


@pytest.mark.parametrize(
    ("columns", "median"),
    [
        ({"article_type": "Shirts", "sub_category": "Topwear"}, 1),
        ({"article_type": "Capes", "sub_category": "Topwear"}, 2),
        ({"sub_category": "Capes", "master_category": "Apparel"}, 3),
        ({"master_category": "Toys"}, 4),
        ({}, 4),
    ],
)
def test_an_unknown_type_is_priced_as_its_next_wider_group(
    columns: dict[str, Any], median: float
) -> None:
    fits = PriceFits(
        {"Shirts": fit_of(1)}, {"Topwear": fit_of(2)}, {"Apparel": fit_of(3)}, fit_of(4)
    )
    assert fits.best_for(product(**columns)).median == median


@pytest.mark.parametrize(
    ("amount", "price"),
    [(1, 49), (110, 99), (130, 149), (1_990, 1_999), (2_120, 2_099), (12_300, 12_499)],
)
def test_prices_end_just_below_a_round_number(amount: float, price: int) -> None:
    assert retail_price(amount) == price
