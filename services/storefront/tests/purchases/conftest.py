"""Orders without HTTP, the writer that commits them, and a clock that can be turned."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from fashion_kit.tokens import Identity
from storefront.database import Sessions
from storefront.models import Base, Product, StockMovement, User
from storefront.purchases.desk import BatchWriter
from storefront.purchases.orders import Order
from storefront.purchases.schemas import PurchaseRequest
from storefront.settings import StorefrontSettings

MakeOrder = Callable[..., Order]
MakeUser = Callable[..., str]
CountRows = Callable[[type[Base]], int]
StockOf = Callable[[int], int]


@dataclass
class TurnableClock:
    """A clock that goes when it is told to."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the time it shows."""
        return self.now

    def turn(self, by: timedelta) -> None:
        """Go on by so much."""
        self.now += by


@pytest.fixture
def turnable() -> TurnableClock:
    """Return a clock that shows the present until it is turned."""
    return TurnableClock(utc_now())


@pytest.fixture
def writer(
    sessions: Sessions, storefront_settings: StorefrontSettings, turnable: TurnableClock
) -> BatchWriter:
    """Return the writer that commits batches."""
    return BatchWriter(sessions, storefront_settings, clock=turnable, new_id=new_id)


@pytest.fixture
def make_user(sessions: Sessions) -> MakeUser:
    """Return a maker of users, which returns their ids."""

    def make(**values: Any) -> str:
        now = utc_now()
        with sessions() as session:
            user = User(id=new_id(), created_at=now, updated_at=now, **values)
            session.add(user)
            session.commit()
            return user.id

    return make


@pytest.fixture
def make_order(make_user: MakeUser) -> MakeOrder:
    """Return a maker of orders: of lines `{product: quantity}`, or of any other body."""
    known: list[str] = []

    def make(
        lines: dict[int, int] | list[dict[str, Any]] | None = None,
        *,
        user_id: str | None = None,
        key: str | None = None,
        **body: Any,
    ) -> Order:
        if user_id is None and not known:
            known.append(make_user())
        if isinstance(lines, dict):
            lines = [{"product_id": product, "quantity": lines[product]} for product in lines]
        request = PurchaseRequest.model_validate({"lines": lines, **body})
        return Order.of(Identity(user_id or known[0]), key or new_id(), request)

    return make


@pytest.fixture
def count_rows(session: Session) -> CountRows:
    """Return a counter of a table's rows."""
    return lambda table: session.scalars(select(func.count()).select_from(table)).one()


@pytest.fixture
def stock_of(session: Session) -> StockOf:
    """Return a reader of a product's stock."""
    return lambda product_id: session.scalars(
        select(Product.stock).where(Product.id == product_id)
    ).one()


@pytest.fixture
def moved(session: Session) -> StockOf:
    """Return a reader of the sum of a product's movements."""
    return lambda product_id: int(
        session.scalar(
            select(func.sum(StockMovement.quantity)).where(StockMovement.product_id == product_id)
        )
        or 0
    )
