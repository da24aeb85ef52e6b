"""The calibration: finds the article type in a name, and the distribution in prices."""

import csv
import gzip
import math
import random
import tomllib
from pathlib import Path

import pytest

from storefront.loading.assortment import read_assortment
from storefront.loading.calibrate import SIGMA_RANGE, ArticleTypes, as_toml, collect, fit, main

COLUMNS = ["Product_Name", "Product_Brand", "Price"]


def sold(name: str, price: float, brand: str = "Corvane") -> dict[str, str]:
    return dict(zip(COLUMNS, (name, brand, str(price)), strict=True))


@pytest.mark.parametrize(
    ("name", "article_type"),
    [
        ("Norvik Jeans Men White Printed Round Neck T-shirt", "Tshirts"),
        ("Norvik Jeans Men Blue Slim Fit Casual Shirt", "Shirts"),
        ("Norvik Jeans Boys Hooded Sweatshirt", "Sweatshirts"),
        ("Norvik Jeans Men Navy Blue Denim Jacket", "Jackets"),
        ("Norvik Jeans Women Red Shirt Dress with Belt", "Dresses"),
        ("Norvik Jeans Men Comfort Sandals", "Sandals"),
        ("Norvik Jeans Men Sports Sandals", "Sports Sandals"),
        ("Norvik Jeans Women Everyday Bras 4021-Multi", "Bra"),
        ("Norvik Jeans Set of 2 Door Curtains", None),
    ],
)
def test_the_last_article_named_is_what_is_sold(name: str, article_type: str | None) -> None:
    found = ArticleTypes(read_assortment().article_types).find(name, "Norvik Jeans")
    assert (found and found.name) == article_type


def test_the_fit_finds_the_distribution_that_prices_came_from() -> None:
    draw = random.Random(7)
    found = fit([800 * math.exp(draw.gauss(0, 0.4)) for _ in range(5_000)])
    assert found.median == pytest.approx(800, rel=0.03)
    assert found.sigma == pytest.approx(0.4, rel=0.05)
    assert found.low < 400
    assert found.high > 1_600


def test_the_prices_of_one_brand_alone_are_spread() -> None:
    found = fit([539.0] * 40)
    assert found.sigma == SIGMA_RANGE[0]
    assert found.low < 539 < found.high


def test_rows_without_a_price_do_not_count() -> None:
    rows = [sold("Corvane Shirt", 0), sold("Corvane Shirt", 900)]
    assert collect(rows)["article_types"] == {"Shirts": [900.0]}


def test_a_group_with_too_few_prices_is_left_out() -> None:
    rows = [sold("Corvane Shirt", 900)] * 4 + [sold("Corvane Saree", 900)] * 2
    tables = tomllib.loads("\n".join(as_toml(collect(rows))))
    assert set(tables["article_types"]) == {"Shirts"}


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_the_command_prints_what_the_shop_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    path = tmp_path / f"prices{suffix}"
    with gzip.open(path, "wt") if suffix.endswith("gz") else path.open("w") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(sold("Corvane Men Blue Shirt", price) for price in (700, 900, 1_100))
    main(path)
    tables = tomllib.loads(capsys.readouterr().out)
    assert tables["article_types"]["Shirts"]["median"] == 900
    assert tables["overall"]["samples"] == 3
