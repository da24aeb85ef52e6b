"""The statements by which the index follows the catalogue."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, cast, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.database import database_time
from storefront.models import Product
from storefront.search.records import CatalogueRecord


def _microseconds(instant: InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    # A number: to read it costs the driver a tenth of what reading a DATETIME does.
    return func.timestampdiff(text("MICROSECOND"), "1970-01-01", instant)


# Named as the record's fields are; what is not a column is counted in the index's units.
_COMPUTED: Mapping[str, ColumnElement[Any]] = {
    "price_cents": cast(Product.price * 100, Integer),
    "in_stock": Product.stock > 0,
    "created_us": _microseconds(Product.created_at),
    "updated_us": _microseconds(Product.updated_at),
}
_COLUMNS = [
    _COMPUTED[name] if name in _COMPUTED else getattr(Product, name)
    for name in CatalogueRecord._fields
]


class CatalogueRepository:
    """Reads products the way the index keeps them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def now(self) -> datetime:
        """Return the time by the clock that says when a product changed."""
        return database_time(self._session)

    def list_on_sale_after(self, product_id: int, limit: int) -> list[CatalogueRecord]:
        """Return the next products on sale in id order."""
        return self._records(
            select(*_COLUMNS)
            .where(Product.is_active, Product.id > product_id)
            .order_by(Product.id)
            .limit(limit)
        )

    def get_stamps_since(self, instant: datetime) -> Mapping[int, int]:
        """Return when each product that changed since the instant last did, in microseconds.

        The database finds both in the index of `updated_at` and opens no row.
        """
        stamp = _microseconds(Product.updated_at)
        rows = self._session.execute(select(Product.id, stamp).where(Product.updated_at >= instant))
        return {row[0]: row[1] for row in rows}

    def list_by_id(self, product_ids: Sequence[int]) -> list[CatalogueRecord]:
        """Return these products, be they on sale or not."""
        return self._records(select(*_COLUMNS).where(Product.id.in_(product_ids)))

    def count_on_sale(self) -> int:
        """Return how many products are on sale."""
        statement = select(func.count()).select_from(Product).where(Product.is_active)
        return self._session.scalar(statement) or 0

    def _records(self, statement: Select[Any]) -> list[CatalogueRecord]:
        return [CatalogueRecord(*row) for row in self._session.execute(statement)]
