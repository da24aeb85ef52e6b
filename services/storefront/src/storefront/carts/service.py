"""The carts' decisions."""

from decimal import Decimal
from typing import NamedTuple

from fashion_kit.clock import Clock
from fashion_kit.errors import UnprocessableError
from fashion_kit.etags import check_match, etag_of
from fashion_kit.ids import IdFactory
from storefront.carts.repository import CartHead, CartRepository, NewLine
from storefront.carts.schemas import MAX_LINES, CartView
from storefront.carts.views import cart_view
from storefront.catalogue.service import ProductNotFoundError


class CartFullError(UnprocessableError):
    """Raised when a cart would hold more products than one purchase may have."""

    def __init__(self) -> None:
        super().__init__(f"A cart holds at most {MAX_LINES} different products.")


class TaggedCart(NamedTuple):
    """A cart as it is shown, and the entity tag of its lines."""

    view: CartView
    etag: str


class CartService:
    """Shows and changes the cart of one shopper. The caller owns the transaction.

    The entity tag speaks of the cart's own lines. Prices and stock of now, which are shown beside
    them, change without it: it guards changes, and is no answer to whether a copy is still fresh.
    """

    def __init__(
        self, carts: CartRepository, *, currency: str, clock: Clock, new_id: IdFactory
    ) -> None:
        self._carts = carts
        self._currency = currency
        self._clock = clock
        self._new_id = new_id

    def show(self) -> TaggedCart:
        """Return the cart."""
        return self._tagged(self._carts.get())

    def put(self, product_id: int, quantity: int, if_match: str | None) -> TaggedCart:
        """Set how many of the product the cart holds, at the price of this moment."""
        now = self._clock()
        cart = self._carts.open(self._new_id(), now)
        check_match(if_match, _etag(cart))
        self._carts.put_lines(cart.id, [NewLine(product_id, quantity, self._price(product_id))])
        if self._carts.count_other_lines(cart.id, product_id) >= MAX_LINES:
            raise CartFullError
        return self._tagged(self._carts.touch(cart, now))

    def remove(self, product_id: int, if_match: str | None) -> str:
        """Take the product out of the cart, if it is in it; return the lines' entity tag."""
        return self._take_out(product_id, if_match)

    def empty(self, if_match: str | None) -> str:
        """Take everything out of the cart; return the lines' entity tag."""
        return self._take_out(None, if_match)

    def _price(self, product_id: int) -> Decimal:
        price = self._carts.price_of(product_id)
        if price is None:
            raise ProductNotFoundError(product_id)
        return price

    def _take_out(self, product_id: int | None, if_match: str | None) -> str:
        cart = self._carts.lock()
        check_match(if_match, _etag(cart))
        if cart is not None and self._carts.delete_lines(cart.id, product_id):
            cart = self._carts.touch(cart, self._clock())
        return _etag(cart)

    def _tagged(self, cart: CartHead | None) -> TaggedCart:
        if cart is None:
            return TaggedCart(cart_view(None, [], {}, self._currency), _etag(None))
        rows = self._carts.priced_lines(cart.id)
        reserved = self._carts.reserved(self._clock()) if rows else {}
        return TaggedCart(cart_view(cart.id, rows, reserved, self._currency), _etag(cart))


def _etag(cart: CartHead | None) -> str:
    # One that is being opened is none yet: who read an empty cart may say so in If-Match.
    return etag_of(cart.id, cart.version) if cart is not None and cart.version else etag_of("none")
