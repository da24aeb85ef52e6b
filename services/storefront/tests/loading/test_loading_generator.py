"""The generated catalogue: repeatable, in the real file's proportions, in families."""

from collections import Counter, defaultdict
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.loading.assortment import read_assortment
from storefront.loading.generator import FIRST_ID, generate
from storefront.loading.new_product import NewProduct

SEED = 7
BRANDS = {brand for brands in read_assortment().brands.values() for brand in brands}


@pytest.fixture(scope="module")
def products() -> list[NewProduct]:
    return list(generate(5_000, seed=SEED))


def test_the_same_seed_makes_the_same_products(products: list[NewProduct]) -> None:
    assert list(generate(5_000, seed=SEED)) == products


def test_a_larger_catalogue_begins_with_the_smaller_one(products: list[NewProduct]) -> None:
    assert list(islice(generate(9_000, seed=SEED), 5_000)) == products


def test_another_seed_makes_other_products(products: list[NewProduct]) -> None:
    assert list(generate(5_000, seed=SEED + 1)) != products


def test_ids_count_up_from_the_first(products: list[NewProduct]) -> None:
    assert [product.id for product in products] == list(range(FIRST_ID, FIRST_ID + 5_000))


@pytest.mark.parametrize(
    ("column", "value", "share"),
    [
        ("master_category", "Apparel", 0.48),
        ("master_category", "Accessories", 0.25),
        ("master_category", "Footwear", 0.21),
        ("master_category", "Personal Care", 0.05),
        ("article_type", "Tshirts", 0.16),
        ("article_type", "Shirts", 0.07),
        ("gender", "Men", 0.50),
        ("gender", "Women", 0.42),
        ("base_colour", "Black", 0.22),
        ("season", "Summer", 0.48),
        ("usage", "Casual", 0.77),
    ],
)
def test_shares_are_near_the_real_ones(
    products: list[NewProduct], column: str, value: str, share: float
) -> None:
    counts = Counter(getattr(product, column) for product in products)
    assert counts[value] / len(products) == pytest.approx(share, abs=0.025)


def test_every_article_type_is_in_a_large_catalogue() -> None:
    names = {article.name for article in read_assortment().article_types}
    assert {product.article_type for product in generate(20_000, seed=SEED)} == names


def test_some_usages_are_null_as_in_the_real_file(products: list[NewProduct]) -> None:
    assert any(product.usage is None for product in products)


def test_nearly_every_name_is_its_own(products: list[NewProduct]) -> None:
    names = {product.product_display_name for product in products}
    assert len(names) > 0.95 * len(products)


def test_a_family_comes_in_several_colours(products: list[NewProduct]) -> None:
    families = defaultdict(set)
    for product in products:
        name = (product.product_display_name or "").replace(product.base_colour or "", "*")
        families[product.gender, product.article_type, name].add(product.base_colour)
    sizes = Counter(min(len(colours), 3) for colours in families.values())
    assert 0.1 < sizes[2] / len(families) < 0.25
    assert sizes[3] > 100


@settings(max_examples=20)
@given(st.integers(min_value=0, max_value=2**63))
def test_any_seed_makes_whole_names(seed: int) -> None:
    for product in generate(50, seed=seed):
        name = product.product_display_name or ""
        assert name.startswith(tuple(BRANDS))
        assert not set(name) & set("{}")
        assert "  " not in name
        assert len(name) <= 100
