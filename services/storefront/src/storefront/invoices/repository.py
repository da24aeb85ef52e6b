"""The invoices' statements."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.models import Product, Purchase, User


class InvoiceRepository:
    """Reads what stands on an invoice besides the purchase and its payments."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def buyer(self, purchase: Purchase) -> User | None:
        """Return the buyer; None if they had their account erased."""
        statement = select(User).where(User.id == purchase.user_id, User.erased_at.is_(None))
        return self._session.scalar(statement)

    def product_names(self, product_ids: Sequence[int]) -> Mapping[int, str | None]:
        """Return the name of each product, as far as it has one."""
        statement = select(Product.id, Product.product_display_name)
        rows = self._session.execute(statement.where(Product.id.in_(product_ids)))
        return {row.id: row.product_display_name for row in rows}
