"""The purchases' statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CursorResult, Row, delete, insert, select, update
from sqlalchemy.orm import Session

from storefront.models import (
    Cart,
    CartLine,
    MovementReason,
    Product,
    Purchase,
    StockMovement,
)
from storefront.purchases.schemas import Wanted


class PurchaseRepository:
    """Reads and writes purchases and what moves with them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock_cart_lines(
        self, cart_id: str, user_id: str
    ) -> list[tuple[int, int, Decimal | None]] | None:
        """Return product, quantity and shown price of each line, the cart locked; None if none."""
        cart = select(Cart.id).where(Cart.id == cart_id, Cart.user_id == user_id)
        if self._session.scalar(cart.with_for_update()) is None:
            return None
        statement = select(CartLine.product_id, CartLine.quantity, CartLine.unit_price)
        rows = self._session.execute(statement.where(CartLine.cart_id == cart_id))
        return [(row.product_id, row.quantity, row.unit_price) for row in rows]

    def empty_cart(self, cart_id: str) -> None:
        """Take every line out of the cart."""
        self._session.execute(delete(CartLine).where(CartLine.cart_id == cart_id))

    def take_stock(self, wanted: Wanted, now: datetime) -> bool:
        """Take the units out of stock, and lock the product; False if it has not that many."""
        statement = (
            update(Product)
            .where(
                Product.id == wanted.product_id,
                Product.is_active,
                Product.stock >= wanted.quantity,
            )
            .values(
                stock=Product.stock - wanted.quantity,
                units_sold=Product.units_sold + wanted.quantity,
                updated_at=now,
            )
            .execution_options(synchronize_session=False)
        )
        result = self._session.execute(statement)
        assert isinstance(result, CursorResult)  # noqa: S101 - what an UPDATE returns
        return result.rowcount == 1

    def stock_left(self, product_id: int) -> int | None:
        """Return how many units are left; None if the product is not on sale."""
        statement = select(Product.stock).where(Product.id == product_id, Product.is_active)
        return self._session.scalar(statement)

    def prices(self, product_ids: Sequence[int]) -> Mapping[int, Row[int, Decimal, str]]:
        """Return id, price and currency of each product."""
        statement = select(Product.id, Product.price, Product.currency)
        rows = self._session.execute(statement.where(Product.id.in_(product_ids)))
        return {row.id: row for row in rows}

    def add(self, purchase: Purchase) -> None:
        """Write the purchase, its lines and the movements of its stock."""
        self._session.add(purchase)
        self._session.flush()
        self._session.execute(
            insert(StockMovement),
            [
                {
                    "product_id": line.product_id,
                    "quantity": -line.quantity,
                    "reason": MovementReason.PURCHASE,
                    "purchase_id": purchase.id,
                    "moved_at": purchase.purchased_at,
                }
                for line in purchase.lines
            ],
        )

    def get_one_or_none(self, user_id: str, purchase_id: str) -> Purchase | None:
        """Return the purchase if it is the user's."""
        statement = select(Purchase).where(Purchase.id == purchase_id, Purchase.user_id == user_id)
        return self._session.scalar(statement)
