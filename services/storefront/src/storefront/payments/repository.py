"""The payments' statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.models import Payment, PaymentStatus

MOST_SHOWN: Final = 100


class PaymentRepository:
    """Reads, locks and writes payments within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, payment: Payment) -> None:
        """Write a new payment."""
        self._session.add(payment)
        self._session.flush()

    def purchase_of(self, payment_id: str) -> str | None:
        """Return which purchase the payment is for; None if there is no such payment."""
        return self._session.scalar(select(Payment.purchase_id).where(Payment.id == payment_id))

    def lock(self, payment_id: str) -> Payment:
        """Return a payment that exists as it is now, its row locked."""
        statement = select(Payment).where(Payment.id == payment_id).with_for_update()
        return self._session.scalars(statement).one()

    def list_of(self, purchase_id: str) -> Sequence[Payment]:
        """Return the newest payments of the purchase, newest first."""
        statement = select(Payment).where(Payment.purchase_id == purchase_id)
        return self._session.scalars(statement.order_by(Payment.id.desc()).limit(MOST_SHOWN)).all()

    def list_in(
        self,
        status: PaymentStatus,
        *,
        limit: int,
        until: datetime | None = None,
        purchase_id: str | None = None,
    ) -> Sequence[Payment]:
        """Return payments in the status, those first that nobody has touched for longest."""
        statement = select(Payment).where(Payment.status == status)
        if until is not None:
            statement = statement.where(Payment.updated_at <= until)
        if purchase_id is not None:
            statement = statement.where(Payment.purchase_id == purchase_id)
        return self._session.scalars(statement.order_by(Payment.updated_at).limit(limit)).all()

    def owe_refund(self, purchase_id: str, reason: str, now: datetime) -> None:
        """Note that what was approved for the purchase must go back."""
        self._session.execute(
            update(Payment)
            .where(Payment.purchase_id == purchase_id, Payment.status == PaymentStatus.APPROVED)
            .values(status=PaymentStatus.REFUND_DUE, reason=reason, updated_at=now)
            .execution_options(synchronize_session=False)
        )

    def leave_pending(self, payment_id: str, reason: str, now: datetime) -> None:
        """Note why the outcome is not known, unless it is by now."""
        self._update_if(payment_id, PaymentStatus.PENDING, reason=reason, updated_at=now)

    def note_refund(self, payment_id: str, now: datetime, *, is_done: bool) -> None:
        """Note that the provider gave the money back; or when it was asked to, and did not."""
        done = {"status": PaymentStatus.REFUNDED} if is_done else {}
        self._update_if(payment_id, PaymentStatus.REFUND_DUE, updated_at=now, **done)

    def _update_if(self, payment_id: str, present: PaymentStatus, **values: object) -> None:
        self._session.execute(
            update(Payment)
            .where(Payment.id == payment_id, Payment.status == present)
            .values(values)
            .execution_options(synchronize_session=False)
        )
