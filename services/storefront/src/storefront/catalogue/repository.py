"""The catalogue's statements."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalogue.schemas import ProductFilter
from storefront.models import Product


class ProductRepository:
    """Reads products that are on sale."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_after(self, product_id: int, *, limit: int, only: ProductFilter) -> Sequence[Product]:
        """Return the next products in id order."""
        statement = (
            select(Product)
            .where(Product.is_active, Product.id > product_id)
            .filter_by(
                **only.model_dump(exclude_none=True, include=set(ProductFilter.model_fields))
            )
            .order_by(Product.id)
            .limit(limit)
        )
        return self._session.scalars(statement).all()

    def get_one_or_none(self, product_id: int) -> Product | None:
        """Return the product if it is on sale."""
        return self._session.scalar(
            select(Product).where(Product.is_active, Product.id == product_id)
        )
