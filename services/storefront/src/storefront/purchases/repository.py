"""The purchases' statements."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from storefront.bulk import in_sql, insert_rows
from storefront.models import Cart, CartLine, Purchase, PurchaseLine, PurchaseStatus, User
from storefront.purchases.pricing import Charge
from storefront.purchases.rules import OfferedCart, Placed, SaleLine, Wanted


class PurchaseRepository:
    """Reads and writes purchases, and reads whose they will be and what they are of."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock_users(self, user_ids: Collection[str], *, is_shared: bool) -> set[str]:
        """Return which of the accounts are alive, their rows locked in the order of their ids."""
        statement = (
            select(User.id)
            .where(User.id.in_(sorted(user_ids)), User.erased_at.is_(None))
            .order_by(User.id)
            .with_for_update(read=is_shared)
        )
        return set(self._session.scalars(statement))

    def read_carts(self, cart_ids: Collection[str], *, is_locking: bool) -> dict[str, OfferedCart]:
        """Return the carts with what lies in them, in the order of their ids."""
        if not cart_ids:
            return {}
        statement = select(Cart.id, Cart.user_id, Cart.anonymous_id).where(Cart.id.in_(cart_ids))
        statement = statement.order_by(Cart.id)
        carts = self._session.execute(statement.with_for_update() if is_locking else statement)
        owners = {row.id: row.user_id or row.anonymous_id for row in carts}
        lines: dict[str, list[tuple[int, int, Decimal | None]]] = {
            cart_id: [] for cart_id in owners
        }
        columns = (CartLine.cart_id, CartLine.product_id, CartLine.quantity, CartLine.unit_price)
        for row in self._session.execute(select(*columns).where(CartLine.cart_id.in_(owners))):
            lines[row.cart_id].append((row.product_id, row.quantity, row.unit_price))
        return {
            cart_id: OfferedCart(owner, Wanted.merged(lines[cart_id]))
            for cart_id, owner in owners.items()
        }

    def take_out_of_carts(self, lines: Collection[tuple[str, int]], now: datetime) -> None:
        """Take these products out of these carts, which the caller has locked."""
        if not lines:
            return
        is_bought = tuple_(CartLine.cart_id, CartLine.product_id).in_(lines)
        self._session.execute(delete(CartLine).where(is_bought))
        self._session.execute(
            update(Cart)
            .where(Cart.id.in_({cart_id for cart_id, _ in lines}))
            .values(version=Cart.version + 1, updated_at=now)
            .execution_options(synchronize_session=False)
        )

    def add(self, placed: Sequence[Placed], now: datetime) -> None:
        """Write the purchases and their lines."""
        instant = in_sql(now)
        insert_rows(
            self._session,
            Purchase,
            ("id", "user_id", "status", *Charge._fields, "currency", "purchased_at", "updated_at"),
            [
                (
                    one.id,
                    one.user_id,
                    PurchaseStatus.PLACED,
                    *one.sale.charge,
                    one.sale.currency,
                    instant,
                    instant,
                )
                for one in placed
            ],
        )
        insert_rows(
            self._session,
            PurchaseLine,
            ("purchase_id", "line_number", *SaleLine._fields),
            [
                (one.id, number, *line)
                for one in placed
                for number, line in enumerate(one.sale.lines, start=1)
            ],
        )

    def get_one_or_none(self, user_id: str, purchase_id: str) -> Purchase | None:
        """Return the purchase if it is the user's."""
        statement = select(Purchase).where(Purchase.id == purchase_id, Purchase.user_id == user_id)
        return self._session.scalar(statement)
