"""Which picture a product has: its own, or the one that the shop draws."""

from typing import NamedTuple

from storefront.catalogue.images.drawing import draw
from storefront.catalogue.images.repository import PicturedProductRepository
from storefront.catalogue.service import ProductNotFoundError


class Picture(NamedTuple):
    """A product's picture: where its own one is, or the drawing."""

    version: int
    url: str | None
    drawing: str


class ImageService:
    """Answers what products look like."""

    def __init__(self, products: PicturedProductRepository) -> None:
        self._products = products

    def get(self, product_id: int) -> Picture:
        """Return the product's picture; raise ProductNotFoundError if there never was one."""
        product = self._products.get_one_or_none(product_id)
        if product is None:
            raise ProductNotFoundError(product_id)
        # Only these are addresses that a browser may be sent to, whoever wrote the row.
        if (product.image_url or "").startswith(("http://", "https://")):
            return Picture(product.version, product.image_url, "")
        words = (product.base_colour, product.article_type)
        title = product.product_display_name or " ".join(filter(None, words))
        drawing = draw(
            title or f"Product {product_id}",
            article_type=product.article_type,
            base_colour=product.base_colour,
        )
        return Picture(product.version, None, drawing)
