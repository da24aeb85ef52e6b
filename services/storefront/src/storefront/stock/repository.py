"""The stock's statements: units are moved only here, and every movement is written down."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from storefront.bulk import in_sql, insert_rows
from storefront.models import MovementReason, Product, StockMovement

# What these move was sold, or is sold no longer; the others only lay elsewhere.
_SALES: Final = frozenset(
    {MovementReason.PURCHASE, MovementReason.CANCELLATION, MovementReason.REFUND}
)


OfferRow = Row[int, Decimal, str, int, bool]


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

    def lock(self, product_ids: Iterable[int]) -> Mapping[int, OfferRow]:
        """Return id, price, currency, stock and is_active of each product, its row locked.

        In product order, which keeps concurrent transactions from deadlocking on one another.
        """
        return self._by_id(_offers(product_ids).order_by(Product.id).with_for_update())

    def read(self, product_ids: Iterable[int]) -> Mapping[int, OfferRow]:
        """Return the same of each product as it is at this moment, its row not locked."""
        return self._by_id(_offers(product_ids))

    def move(self, movements: Sequence[Movement], now: datetime) -> None:
        """Move units of products that the caller has locked; the database refuses to sell air.

        Whoever keeps a copy of the catalogue looks for what changed since the last look: the
        database's one clock says both, whatever the servers' clocks show.
        """
        stock: dict[int, int] = {}
        sold: dict[int, int] = {}
        for one in movements:
            stock[one.product_id] = stock.get(one.product_id, 0) + one.quantity
            if one.reason in _SALES:
                sold[one.product_id] = sold.get(one.product_id, 0) - one.quantity
        # Written out, for SQLAlchemy takes longer over this than the database does.
        changes = [f"stock = stock + CASE id {_cases(stock)} END"]
        if sold:
            changes.append(f"units_sold = units_sold + CASE id {_cases(sold)} ELSE 0 END")
        ids = ", ".join(f"{product_id:d}" for product_id in sorted(stock))
        statement = (
            f"UPDATE products SET {', '.join(changes)}, updated_at = UTC_TIMESTAMP(6)"  # noqa: S608 - only numbers
            f" WHERE id IN ({ids})"
        )
        self._session.connection().exec_driver_sql(statement)
        rows = [(*one, in_sql(now)) for one in movements]
        insert_rows(self._session, StockMovement, (*Movement._fields, "moved_at"), rows)

    def _by_id(self, statement: Select[int, Decimal, str, int, bool]) -> Mapping[int, OfferRow]:
        return {row.id: row for row in self._session.execute(statement)}


def _cases(units: Mapping[int, int]) -> str:
    return " ".join(f"WHEN {product_id:d} THEN {count:d}" for product_id, count in units.items())


def _offers(product_ids: Iterable[int]) -> Select[int, Decimal, str, int, bool]:
    columns = (Product.id, Product.price, Product.currency, Product.stock, Product.is_active)
    return select(*columns).where(Product.id.in_(sorted(set(product_ids))))
