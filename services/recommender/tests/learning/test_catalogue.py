"""The catalogue as a model sees it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from recommender.learning.catalogue import CatalogueProduct

SHIRT = CatalogueProduct(
    1,
    "Men",
    "Apparel",
    "Topwear",
    "Shirts",
    "Navy Blue",
    "Casual",
    "Fall",
    "Turtle Check Men Navy Blue Shirt",
    Decimal(10),
    datetime(2026, 1, 1, tzinfo=UTC),
)


def test_the_same_article_in_another_colour_is_of_the_family() -> None:
    red = replace(SHIRT, base_colour="Red", product_display_name="Turtle Check Men Red Shirt")

    assert red.family == SHIRT.family


@pytest.mark.parametrize(
    "change",
    [{"gender": "Women"}, {"article_type": "Kurtas"}, {"product_display_name": "Turtle Shirt"}],
)
def test_another_article_is_not(change: dict[str, str]) -> None:
    assert replace(SHIRT, **change).family != SHIRT.family  # type: ignore[arg-type]


def test_a_colour_inside_a_word_is_left_alone() -> None:
    covered = replace(SHIRT, base_colour="Red", product_display_name="Covered Shirt")

    assert covered.family.startswith("covered shirt")


def test_without_a_name_a_product_is_a_family_of_its_own() -> None:
    nameless = replace(SHIRT, product_display_name=None)

    assert nameless.family != replace(nameless, id=2).family


def test_odd_characters_in_a_colour_do_no_harm() -> None:
    assert replace(SHIRT, base_colour="(*").family
