"""The statements that move purchases on, and that list them."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from storefront.models import Purchase, PurchaseStatus, PurchaseTransition


class PurchaseFilter(NamedTuple):
    """Which purchases a list is about; None for all."""

    buyer_id: str | None = None
    status: PurchaseStatus | None = None


class LifecycleRepository:
    """Reads and locks purchases, and writes their steps."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_one_or_none(self, purchase_id: str, buyer_id: str | None) -> Purchase | None:
        """Return the purchase, if it is the buyer's where one is named."""
        return self._session.scalar(_purchase_statement(purchase_id, buyer_id))

    def lock(self, purchase_id: str, buyer_id: str | None) -> Purchase | None:
        """Return the purchase as it is now, its row locked."""
        return self._session.scalar(_purchase_statement(purchase_id, buyer_id).with_for_update())

    def add_transition(self, transition: PurchaseTransition) -> None:
        """Write the step, and what it changed of its purchase."""
        self._session.add(transition)
        self._session.flush()

    def transitions(self, purchase_id: str) -> Sequence[PurchaseTransition]:
        """Return the purchase's steps in their order."""
        statement = select(PurchaseTransition).where(PurchaseTransition.purchase_id == purchase_id)
        return self._session.scalars(statement.order_by(PurchaseTransition.id)).all()

    def list_before(
        self, wanted: PurchaseFilter, purchase_id: str | None, *, limit: int
    ) -> Sequence[Purchase]:
        """Return purchases, newest first, from before the given one."""
        statement = select(Purchase)
        if wanted.buyer_id is not None:
            statement = statement.where(Purchase.user_id == wanted.buyer_id)
        if wanted.status is not None:
            statement = statement.where(Purchase.status == wanted.status)
        if purchase_id is not None:
            statement = statement.where(Purchase.id < purchase_id)
        return self._session.scalars(statement.order_by(Purchase.id.desc()).limit(limit)).all()


def _purchase_statement(purchase_id: str, buyer_id: str | None) -> Select[Purchase]:
    statement = select(Purchase).where(Purchase.id == purchase_id)
    return statement if buyer_id is None else statement.where(Purchase.user_id == buyer_id)
