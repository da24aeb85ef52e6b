"""The catalogue's statements."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.models import Product


class ProductRepository:
    """Reads products that are on sale."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_one_or_none(self, product_id: int) -> Product | None:
        """Return the product if it is on sale."""
        return self._session.scalar(
            select(Product).where(Product.is_active, Product.id == product_id)
        )
