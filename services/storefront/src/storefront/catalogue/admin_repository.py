"""The statements of those who keep the catalogue."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.database import DUPLICATE_ENTRY, database_time, mysql_code
from storefront.models import Product, ProductChange


class AdminProductRepository:
    """Reads and writes products on sale or not, and what was done to them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def highest_id(self) -> int:
        """Return the highest id that a product has."""
        return self._session.scalar(select(func.max(Product.id))) or 0

    def add(self, product: Product) -> bool:
        """Add the product; return False if its id is another's."""
        try:
            with self._session.begin_nested():
                self._session.add(product)
        except IntegrityError as error:
            if mysql_code(error) != DUPLICATE_ENTRY:
                raise
            return False
        return True

    def get_one_or_none(self, product_id: int) -> Product | None:
        """Return the product, on sale or not."""
        return self._session.get(Product, product_id)

    def lock(self, product_id: int) -> Product | None:
        """Return the product, its row locked until the transaction ends."""
        return self._session.get(Product, product_id, with_for_update=True)

    def now(self) -> datetime:
        """Return the time by the clock that says when a product changed."""
        return database_time(self._session)

    def read_again(self, product: Product) -> None:
        """Bring the product up to what statements have made of its row."""
        self._session.refresh(product)

    def add_change(self, change: ProductChange) -> None:
        """Add to the audit."""
        self._session.add(change)

    def list_changes(
        self, product_id: int, before: int | None, *, limit: int
    ) -> Sequence[ProductChange]:
        """Return what was done to the product before a change, newest first."""
        statement = (
            select(ProductChange)
            .where(ProductChange.product_id == product_id)
            .order_by(ProductChange.id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(ProductChange.id < before)
        return self._session.scalars(statement).all()
