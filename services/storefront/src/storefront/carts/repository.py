"""The carts' statements."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.orm import Session

from storefront.models import Cart, CartLine, Product


class NewLine(NamedTuple):
    """A line as it is put into a cart."""

    product_id: int
    quantity: int
    unit_price: Decimal


class CartRepository:
    """Reads and changes one user's cart."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    def get_id(self) -> str | None:
        """Return the id of the user's cart, if there is one."""
        return self._session.scalar(select(Cart.id).where(Cart.user_id == self._user_id))

    def open(self, new_id: str, now: datetime) -> str:
        """Return the id of the user's cart, made if need be, its row locked until the commit."""
        statement = insert(Cart).values(
            id=new_id, user_id=self._user_id, created_at=now, updated_at=now
        )
        self._session.execute(statement.on_duplicate_key_update(updated_at=now))
        return self._session.scalars(select(Cart.id).where(Cart.user_id == self._user_id)).one()

    def lock(self, now: datetime) -> str | None:
        """Return the id of the user's cart, its row locked until the commit."""
        self._session.execute(
            update(Cart).where(Cart.user_id == self._user_id).values(updated_at=now)
        )
        return self.get_id()

    def lines(self, cart_id: str) -> list[Row[CartLine, Product]]:
        """Return the cart's lines with their products."""
        statement = (
            select(CartLine, Product)
            .join(Product, Product.id == CartLine.product_id)
            .where(CartLine.cart_id == cart_id)
            .order_by(CartLine.product_id)
        )
        return list(self._session.execute(statement))

    def count_other_lines(self, cart_id: str, product_id: int) -> int:
        """Return how many lines the cart has besides the product's."""
        statement = select(func.count()).where(
            CartLine.cart_id == cart_id, CartLine.product_id != product_id
        )
        return self._session.scalars(statement).one()

    def put_line(self, cart_id: str, line: NewLine) -> None:
        """Put the line into the cart in the place of the product's present one."""
        values = line._asdict()
        statement = insert(CartLine).values(cart_id=cart_id, **values)
        self._session.execute(statement.on_duplicate_key_update(values))

    def delete_line(self, cart_id: str, product_id: int) -> None:
        """Take the product's line out of the cart."""
        self._session.execute(
            delete(CartLine).where(CartLine.cart_id == cart_id, CartLine.product_id == product_id)
        )
