"""The catalogue's decisions."""

from fashion_kit.errors import NotFoundError
from fashion_kit.paging import Page, cut_page, decode_cursor
from storefront.catalogue.repository import ProductRepository
from storefront.catalogue.schemas import ProductFilter, ProductView
from storefront.models import Product


class ProductNotFoundError(NotFoundError):
    """Raised when there is no such product on sale."""

    def __init__(self, product_id: int) -> None:
        super().__init__(f"There is no product {product_id}.", product_id=product_id)


class CatalogueService:
    """Answers what the shop sells."""

    def __init__(self, products: ProductRepository) -> None:
        self._products = products

    def page(self, cursor: str | None, size: int, only: ProductFilter) -> Page[ProductView]:
        """Return a page of products in id order."""
        after = int(decode_cursor(cursor, pattern=r"[0-9]{1,10}")) if cursor else 0
        rows = self._products.list_after(after, limit=size + 1, only=only)
        items, next_cursor = cut_page(rows, size, key=lambda product: str(product.id))
        return Page(items=[view_of(product) for product in items], next_cursor=next_cursor)

    def get(self, product_id: int) -> ProductView:
        """Return the product; raise ProductNotFoundError if it is not on sale."""
        product = self._products.get_one_or_none(product_id)
        if product is None:
            raise ProductNotFoundError(product_id)
        return view_of(product)


def view_of(product: Product) -> ProductView:
    """Return what the shop shows of the product: how many are left is its own business."""
    return ProductView.model_validate(product)
