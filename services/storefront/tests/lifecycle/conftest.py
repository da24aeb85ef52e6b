"""Purchases in any state, staff, and a clock that is moved by hand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from services.storefront.tests.conftest import MakeProduct
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from fashion_kit.tokens import Identity, issue_token
from storefront.database import Sessions
from storefront.models import (
    MovementReason,
    Payment,
    PaymentStatus,
    Product,
    Purchase,
    PurchaseLine,
    PurchaseStatus,
    StockMovement,
)
from storefront.settings import StorefrontSettings

Staff = Callable[[str], httpx.Client]
MakePurchase = Callable[..., str]
PRICE = Decimal("499.50")


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture
def clock() -> HandClock:
    return HandClock(utc_now())


@pytest.fixture
def staff(client: httpx.Client, storefront_settings: StorefrontSettings) -> Iterator[Staff]:
    """Return a maker of clients with a role."""
    key = storefront_settings.token_private_key_file.read_text()
    opened: list[httpx.Client] = []

    def make(role: str) -> httpx.Client:
        identity = Identity(new_id(), role)
        token = issue_token(identity, key, now=utc_now(), lifetime=timedelta(hours=1))
        bearer = {"Authorization": f"Bearer {token}"}
        opened.append(httpx.Client(base_url=client.base_url, headers=bearer, timeout=30))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def make_purchase(sessions: Sessions, make_product: MakeProduct) -> MakePurchase:
    """Return a maker of purchases that the shop sold, in any state, which returns their ids."""

    def make(
        buyer_id: str,
        status: PurchaseStatus = PurchaseStatus.PLACED,
        *,
        products: Sequence[int] | None = None,
        quantity: int = 2,
    ) -> str:
        bought = products or [make_product()]
        with sessions() as session:
            purchase = _purchase(buyer_id, status, bought, quantity)
            session.add(purchase)
            session.flush()
            _take(session, purchase)
            if status in (PurchaseStatus.PAID, PurchaseStatus.SHIPPED, PurchaseStatus.DELIVERED):
                session.add(_payment(purchase))
            session.commit()
            return purchase.id

    return make


@pytest.fixture
def status_of(sessions: Sessions) -> Callable[[str], str]:
    """Return a way to look up in which state a purchase is."""

    def look_up(purchase_id: str) -> str:
        with sessions() as session:
            return session.get_one(Purchase, purchase_id).status

    return look_up


@pytest.fixture
def payments_of(sessions: Sessions) -> Callable[[str], list[Payment]]:
    """Return a way to look up the payments of a purchase, oldest first."""

    def look_up(purchase_id: str) -> list[Payment]:
        statement = select(Payment).where(Payment.purchase_id == purchase_id)
        with sessions() as session:
            return list(session.scalars(statement.order_by(Payment.created_at, Payment.id)))

    return look_up


def _purchase(
    buyer_id: str, status: PurchaseStatus, products: Sequence[int], quantity: int
) -> Purchase:
    now = utc_now()
    worth = PRICE * quantity
    total = worth * len(products)
    return Purchase(
        id=new_id(),
        user_id=buyer_id,
        status=status,
        subtotal=total,
        shipping=Decimal(),
        tax=Decimal(),
        total=total,
        currency="INR",
        purchased_at=now,
        updated_at=now,
        lines=[
            PurchaseLine(
                line_number=number,
                product_id=product,
                quantity=quantity,
                unit_price=PRICE,
                line_total=worth,
            )
            for number, product in enumerate(products, start=1)
        ],
    )


def _take(session: Session, purchase: Purchase) -> None:
    for line in purchase.lines:
        session.add(
            StockMovement(
                product_id=line.product_id,
                quantity=-line.quantity,
                reason=MovementReason.PURCHASE,
                purchase_id=purchase.id,
                moved_at=purchase.purchased_at,
            )
        )
        session.execute(
            update(Product)
            .where(Product.id == line.product_id)
            .values(
                stock=Product.stock - line.quantity,
                units_sold=Product.units_sold + line.quantity,
            )
        )


def _payment(purchase: Purchase) -> Payment:
    return Payment(
        id=new_id(),
        purchase_id=purchase.id,
        status=PaymentStatus.APPROVED,
        amount=purchase.total,
        currency=purchase.currency,
        method="card_ok",
        created_at=purchase.purchased_at,
        updated_at=purchase.purchased_at,
    )
