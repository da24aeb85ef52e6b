"""The carts' statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.orm import Session

from storefront.models import (
    Cart,
    CartLine,
    Product,
    Reservation,
    ReservationLine,
    ReservationStatus,
)


class CartHead(NamedTuple):
    """A cart without its lines; version 0 is a cart that was opened and never written."""

    id: str
    version: int
    updated_at: datetime


class NewLine(NamedTuple):
    """A line as it is put into a cart."""

    product_id: int
    quantity: int
    unit_price: Decimal


class PricedLine(NamedTuple):
    """A line, and what its product is now."""

    product_id: int
    quantity: int
    unit_price: Decimal
    product_display_name: str | None
    image_url: str | None
    current_unit_price: Decimal
    currency: str
    stock: int
    is_active: bool


class CartRepository:
    """Reads and changes the cart of one shopper, a user or a guest.

    Who changes a cart locks its row first: two changes of one cart never run at once.
    """

    def __init__(
        self, session: Session, *, user_id: str | None = None, anonymous_id: str | None = None
    ) -> None:
        self._session = session
        self._user_id = user_id
        self._owner = {"user_id": user_id} if user_id else {"anonymous_id": anonymous_id}
        self._head = select(Cart.id, Cart.version, Cart.updated_at).filter_by(**self._owner)

    def get(self) -> CartHead | None:
        """Return the shopper's cart, if there is one."""
        row = self._session.execute(self._head).one_or_none()
        return CartHead(*row) if row else None

    def lock(self) -> CartHead | None:
        """Return the shopper's cart, if there is one, its row locked until the commit."""
        row = self._session.execute(self._head.with_for_update()).one_or_none()
        return CartHead(*row) if row else None

    def open(self, new_id: str, now: datetime) -> CartHead:
        """Return the shopper's cart, made if need be, its row locked until the commit."""
        locked = self.lock()
        if locked is not None:
            return locked
        values = {"id": new_id, **self._owner, "version": 0, "created_at": now, "updated_at": now}
        statement = insert(Cart).values(values)
        # Another one may have opened it since: then that one is locked and returned.
        self._session.execute(statement.on_duplicate_key_update(version=Cart.version))
        row = self._session.execute(self._head.with_for_update()).one()
        return CartHead(*row)

    def touch(self, cart: CartHead, now: datetime) -> CartHead:
        """Count one change of the cart's lines."""
        changed = CartHead(cart.id, cart.version + 1, now)
        self._session.execute(
            update(Cart)
            .where(Cart.id == cart.id)
            .values(version=changed.version, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        return changed

    def lines(self, cart_id: str) -> list[NewLine]:
        """Return the cart's lines in product order."""
        statement = (
            select(CartLine.product_id, CartLine.quantity, CartLine.unit_price)
            .where(CartLine.cart_id == cart_id)
            .order_by(CartLine.product_id)
        )
        return [NewLine(*row) for row in self._session.execute(statement)]

    def priced_lines(self, cart_id: str) -> list[PricedLine]:
        """Return the cart's lines in product order, with their products as they are now."""
        statement = (
            select(
                CartLine.product_id,
                CartLine.quantity,
                CartLine.unit_price,
                Product.product_display_name,
                Product.image_url,
                Product.price,
                Product.currency,
                Product.stock,
                Product.is_active,
            )
            .join(Product, Product.id == CartLine.product_id)
            .where(CartLine.cart_id == cart_id)
            .order_by(CartLine.product_id)
        )
        return [PricedLine(*row) for row in self._session.execute(statement)]

    def reserved(self, now: datetime) -> Mapping[int, int]:
        """Return how many units of each product are kept for this shopper; they left the stock."""
        if self._user_id is None:
            return {}
        statement = (
            select(ReservationLine.product_id, func.sum(ReservationLine.quantity))
            .join(Reservation, Reservation.id == ReservationLine.reservation_id)
            .where(
                Reservation.user_id == self._user_id,
                Reservation.status == ReservationStatus.HELD,
                Reservation.expires_at > now,
            )
            .group_by(ReservationLine.product_id)
        )
        return {product_id: int(units) for product_id, units in self._session.execute(statement)}

    def price_of(self, product_id: int) -> Decimal | None:
        """Return the product's price, if it is on sale."""
        statement = select(Product.price).where(Product.id == product_id, Product.is_active)
        return self._session.scalar(statement)

    def count_other_lines(self, cart_id: str, product_id: int) -> int:
        """Return how many lines the cart has besides the product's."""
        statement = select(func.count()).where(
            CartLine.cart_id == cart_id, CartLine.product_id != product_id
        )
        return self._session.scalars(statement).one()

    def put_lines(self, cart_id: str, lines: Sequence[NewLine]) -> None:
        """Put the lines, in product order, into the cart in the place of those products' own."""
        statement = insert(CartLine).values([{"cart_id": cart_id, **x._asdict()} for x in lines])
        new = statement.inserted
        self._session.execute(
            statement.on_duplicate_key_update(quantity=new.quantity, unit_price=new.unit_price)
        )

    def delete_lines(self, cart_id: str, product_id: int | None = None) -> bool:
        """Take the product's line, or every line, out of the cart; say whether there was one."""
        statement = delete(CartLine).where(CartLine.cart_id == cart_id)
        if product_id is not None:
            statement = statement.where(CartLine.product_id == product_id)
        result = self._session.execute(statement)
        assert isinstance(result, CursorResult)  # noqa: S101 - what a DELETE returns
        return result.rowcount > 0

    def delete(self, cart_id: str) -> None:
        """Delete the cart with its lines."""
        self.delete_lines(cart_id)
        self._session.execute(delete(Cart).where(Cart.id == cart_id))
