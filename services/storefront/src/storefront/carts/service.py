"""The carts' decisions."""

from typing import Final

from fashion_kit.clock import Clock
from fashion_kit.errors import UnprocessableError
from fashion_kit.ids import IdFactory
from storefront.carts.repository import CartRepository, NewLine
from storefront.carts.schemas import CartLineView, CartView
from storefront.catalogue.repository import ProductRepository
from storefront.catalogue.service import ProductNotFoundError
from storefront.models import CartLine, Product

MAX_LINES: Final = 100


class CartFullError(UnprocessableError):
    """Raised when a cart would hold more products than one purchase may have."""

    def __init__(self) -> None:
        super().__init__(f"A cart holds at most {MAX_LINES} different products.")


class CartService:
    """Shows and changes the cart of one user."""

    def __init__(
        self, carts: CartRepository, products: ProductRepository, *, clock: Clock, new_id: IdFactory
    ) -> None:
        self._carts = carts
        self._products = products
        self._clock = clock
        self._new_id = new_id

    def show(self) -> CartView:
        """Return the cart."""
        return self._view(self._carts.get_id())

    def put(self, product_id: int, quantity: int) -> CartView:
        """Set how many of the product the cart holds, at the price of this moment."""
        cart_id = self._carts.open(self._new_id(), self._clock())
        product = self._products.get_one_or_none(product_id)
        if product is None:
            raise ProductNotFoundError(product_id)
        if self._carts.count_other_lines(cart_id, product_id) >= MAX_LINES:
            raise CartFullError
        self._carts.put_line(cart_id, NewLine(product_id, quantity, product.price))
        return self._view(cart_id)

    def remove(self, product_id: int) -> None:
        """Take the product out of the cart, if it is in it."""
        cart_id = self._carts.lock(self._clock())
        if cart_id is not None:
            self._carts.delete_line(cart_id, product_id)

    def _view(self, cart_id: str | None) -> CartView:
        rows = [] if cart_id is None else self._carts.lines(cart_id)
        return CartView(id=cart_id, lines=[_line_view(line, product) for line, product in rows])


def _line_view(line: CartLine, product: Product) -> CartLineView:
    return CartLineView(
        product_id=product.id,
        product_display_name=product.product_display_name,
        quantity=line.quantity,
        unit_price=line.unit_price,
        current_unit_price=product.price,
        currency=product.currency,
        in_stock=product.is_active and product.stock >= line.quantity,
    )
