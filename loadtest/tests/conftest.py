"""The fake shop, its products, and what a visit to it needs."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from random import Random
from typing import Any

import httpx
import pytest

from loadtest.pace import SteadyPace
from loadtest.personas import make_persona
from loadtest.shelf import Shelf, ShelfProduct
from loadtest.shop import Addresses
from loadtest.shopper import Shopper
from loadtest.testing import FakeShop, served
from loadtest.visit import Surroundings

STOREFRONT = "http://127.0.0.1:1"
RECOMMENDER = "http://127.0.0.1:2"


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    """Products as the API shows them."""
    rng = Random(7)
    kinds = [("Topwear", "Shirts"), ("Shoes", "Casual Shoes"), ("Bags", "Handbags")]
    rows = []
    for product_id in range(1001, 1301):
        sub_category, article_type = rng.choices(kinds, (5, 3, 2))[0]
        rows.append(
            {
                "id": product_id,
                "gender": rng.choice(["Men", "Women", "Unisex"]),
                "master_category": "Apparel",
                "sub_category": sub_category,
                "article_type": article_type,
                "base_colour": rng.choice(["Black", "White", "Blue", "Red", "Green"]),
                "price": f"{rng.randint(199, 4999)}.00",
                "currency": "INR",
            }
        )
    return rows


@pytest.fixture(scope="session")
def shelf(rows: list[dict[str, Any]]) -> Shelf:
    """The same products as the shoppers know them."""
    return Shelf(ShelfProduct.from_row(row) for row in rows)


@pytest.fixture
def shop(rows: list[dict[str, Any]]) -> FakeShop:
    """A fake shop in which nothing has happened yet."""
    return FakeShop([dict(row) for row in rows])


@pytest.fixture
def addresses() -> tuple[str, str]:
    """Storefront and recommender of the fake shop."""
    return STOREFRONT, RECOMMENDER


@pytest.fixture
def transport(shop: FakeShop) -> httpx.MockTransport:
    """The way to the fake shop."""
    return httpx.MockTransport(shop.handle)


async def _no_sleep(_: float) -> None:
    pass


@pytest.fixture
async def around(transport: httpx.MockTransport, shelf: Shelf) -> AsyncIterator[Surroundings]:
    """All that a visit to the fake shop needs; nobody waits in it."""
    async with httpx.AsyncClient(transport=transport) as client:
        yield Surroundings(
            client=client,
            addresses=Addresses(STOREFRONT, RECOMMENDER),
            shelf=shelf,
            pace=SteadyPace(0, _no_sleep),
        )


@pytest.fixture
def shopper(shelf: Shelf) -> Shopper:
    """Somebody who has never been there, and to whom money is no object."""
    persona = make_persona(1, 1, shelf.market)
    return Shopper(replace(persona, tastes=replace(persona.tastes, budget=1_000.0)))


@pytest.fixture
def shop_url(shop: FakeShop) -> Iterator[str]:
    """The fake shop behind a real port of this machine."""
    with served(shop) as url:
        yield url
