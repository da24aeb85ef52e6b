"""The statements of a load: a thousand products each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from sqlalchemy import bindparam, exists, insert, literal, select, text
from sqlalchemy.orm import Session

from storefront.loading.new_product import NewProduct
from storefront.models import MovementReason, Product, StockMovement
from storefront.models.base import UtcDateTime

_COLUMNS = [Product.__table__.c[field.name] for field in fields(NewProduct)]

# VALUES(column), which MySQL and MariaDB both take, keeps the driver able to send all the rows in
# one statement; SQLAlchemy's own form for MySQL, `AS new`, would make it send them one by one.
_SAVE = text(
    """
    INSERT INTO products (
        id, gender, master_category, sub_category, article_type, base_colour, season, year, `usage`,
        product_display_name, price, currency, stock, is_active, version, created_at, updated_at
    ) VALUES (
        :id, :gender, :master_category, :sub_category, :article_type, :base_colour, :season, :year,
        :usage, :product_display_name, :price, :currency, :stock, :is_active, :version, :now, :now
    ) ON DUPLICATE KEY UPDATE
        gender = VALUES(gender),
        master_category = VALUES(master_category),
        sub_category = VALUES(sub_category),
        article_type = VALUES(article_type),
        base_colour = VALUES(base_colour),
        season = VALUES(season),
        year = VALUES(year),
        `usage` = VALUES(`usage`),
        product_display_name = VALUES(product_display_name),
        version = products.version + 1,
        updated_at = VALUES(updated_at)
    """
).bindparams(bindparam("now", type_=UtcDateTime))


@dataclass(frozen=True, slots=True)
class ProductForSale:
    """A product with what it costs and how many there are, should it be new."""

    product: NewProduct
    price: Decimal
    currency: str
    stock: int


class BulkRepository:
    """Reads and writes products by the batch."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_known(self, ids: Iterable[int]) -> dict[int, NewProduct]:
        """Return how the products among these that exist are described."""
        rows = self._session.execute(select(*_COLUMNS).where(Product.id.in_(ids)))
        return {row.id: NewProduct(*row) for row in rows}

    def save(self, products: Iterable[ProductForSale], *, now: datetime) -> None:
        """Insert the products; of one that exists change the description, not price or stock."""
        rows = [_row(product, now=now) for product in products]
        self._session.execute(_SAVE, rows)

    def add_initial_movements(self, ids: Sequence[int], *, now: datetime) -> None:
        """Note the stock that the products begin with, unless another load has just done so."""
        is_noted = exists().where(
            StockMovement.product_id == Product.id,
            StockMovement.reason == MovementReason.INITIAL,
        )
        begun = select(
            Product.id,
            Product.stock,
            literal(MovementReason.INITIAL.value),
            literal(now, UtcDateTime),
        ).where(Product.id.in_(ids), ~is_noted)
        columns = ["product_id", "quantity", "reason", "moved_at"]
        self._session.execute(insert(StockMovement).from_select(columns, begun))


def _row(new: ProductForSale, *, now: datetime) -> dict[str, object]:
    # Not dataclasses.asdict, whose deep copies took half of a load.
    described = {column.name: getattr(new.product, column.name) for column in _COLUMNS}
    return described | {
        "price": new.price,
        "currency": new.currency,
        "stock": new.stock,
        "is_active": True,
        "version": 1,
        "now": now,
    }
