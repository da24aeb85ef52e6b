"""The stock's statements: units are moved only here, and every movement is written down."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Row, case, insert, select, update
from sqlalchemy.orm import Session

from storefront.models import MovementReason, Product, StockMovement

# What these move was sold, or is sold no longer; the others only lay elsewhere.
_SALES: Final = frozenset(
    {MovementReason.PURCHASE, MovementReason.CANCELLATION, MovementReason.REFUND}
)


class Movement(NamedTuple):
    """Units that come (positive) or go (negative), and why."""

    product_id: int
    quantity: int
    reason: MovementReason
    purchase_id: str | None = None


class StockRepository:
    """Locks products and moves their units within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self, product_ids: Iterable[int]) -> Mapping[int, Row[int, object, str, int, bool]]:
        """Return id, price, currency, stock and is_active of each product, its row locked.

        In product order, which keeps concurrent transactions from deadlocking on one another.
        """
        statement = (
            select(Product.id, Product.price, Product.currency, Product.stock, Product.is_active)
            .where(Product.id.in_(sorted(set(product_ids))))
            .order_by(Product.id)
            .with_for_update()
        )
        return {row.id: row for row in self._session.execute(statement)}

    def move(self, movements: Sequence[Movement], now: datetime) -> None:
        """Move units of products that the caller has locked; the database refuses to sell air."""
        stock: dict[int, int] = {}
        sold: dict[int, int] = {}
        for one in movements:
            stock[one.product_id] = stock.get(one.product_id, 0) + one.quantity
            if one.reason in _SALES:
                sold[one.product_id] = sold.get(one.product_id, 0) - one.quantity
        values = {Product.stock: Product.stock + case(stock, value=Product.id)}
        if sold:
            values[Product.units_sold] = Product.units_sold + case(sold, value=Product.id, else_=0)
        self._session.execute(
            update(Product)
            .where(Product.id.in_(sorted(stock)))
            .values({**values, Product.updated_at: now})
            .execution_options(synchronize_session=False)
        )
        self._session.execute(
            insert(StockMovement), [one._asdict() | {"moved_at": now} for one in movements]
        )
