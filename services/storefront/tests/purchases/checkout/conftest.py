"""Checkouts opened and paid by shoppers, and books that must add up after each test."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from storefront.database import Sessions
from storefront.models import (
    Product,
    Reservation,
    StockMovement,
)

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def kind_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"].removeprefix("urn:fashion-store:problem:"))


def keep(shopper: Shopper, product_id: int, quantity: int = 1) -> httpx.Response:
    lines = [{"product_id": product_id, "quantity": quantity}]
    return shopper.client.post("/checkout", json={"lines": lines})


def kept_by(shopper: Shopper, product_id: int, quantity: int = 1) -> str:
    return str(keep(shopper, product_id, quantity).json()["id"])


def buy(shopper: Shopper, reservation_id: str, *, key: str | None = None) -> httpx.Response:
    return shopper.purchase({"reservation_id": reservation_id}, key=key)


def fill_cart(shopper: Shopper, product_id: int, quantity: int = 2) -> str:
    path = f"/cart/lines/{product_id}"
    return str(shopper.client.put(path, json={"quantity": quantity}).json()["id"])


@pytest.fixture
def expire(session: Session) -> Callable[[], None]:
    """Return a way to let the time of every reservation be over."""

    def let() -> None:
        past = utc_now() - timedelta(seconds=1)
        session.execute(update(Reservation).values(expires_at=past))
        session.commit()

    return let


@pytest.fixture
def reasons(session: Session) -> Callable[[int], list[tuple[str, int]]]:
    """Return a reader of what moved of a product, and why."""

    def read(product_id: int) -> list[tuple[str, int]]:
        statement = select(StockMovement.reason, StockMovement.quantity)
        rows = session.execute(
            statement.where(StockMovement.product_id == product_id).order_by(StockMovement.id)
        )
        return [(row.reason, row.quantity) for row in rows]

    return read


@pytest.fixture(autouse=True)
def movements_add_up(client: httpx.Client, sessions: Sessions) -> Iterator[None]:
    """Hold every test to it: what was there at first and all movements are what is there."""
    yield
    with sessions() as session:
        moved: Counter[int] = Counter()
        for movement in session.scalars(select(StockMovement)):
            moved[movement.product_id] += movement.quantity
        for product in session.scalars(select(Product)):
            assert product.stock == product.version - 1 + moved[product.id]


@pytest.fixture
def stocked(make_product: MakeProduct) -> Callable[..., int]:
    """Return a maker of products whose `version` remembers the stock they began with."""
    return lambda stock=10, **values: make_product(stock=stock, version=stock + 1, **values)
