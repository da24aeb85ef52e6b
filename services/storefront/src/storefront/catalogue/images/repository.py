"""The pictures' only statement."""

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from storefront.models import Product

Pictured = Row[int, str | None, str | None, str | None, str | None]


class PicturedProductRepository:
    """Reads what a picture needs of a product."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_one_or_none(self, product_id: int) -> Pictured | None:
        """Return version, image_url, name, article type and colour of a product, on sale or not."""
        statement = select(
            Product.version,
            Product.image_url,
            Product.product_display_name,
            Product.article_type,
            Product.base_colour,
        ).where(Product.id == product_id)
        return self._session.execute(statement).one_or_none()
