"""Money that goes back: owed in the books first, then asked of the provider, then noted as done."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from fashion_kit.clock import Clock
from fashion_kit.logs import get_logger
from storefront.database import Sessions, run_in_transaction
from storefront.models import Payment, PaymentStatus
from storefront.payments.provider import PaymentProvider, PaymentProviderError
from storefront.payments.repository import PaymentRepository

AT_ONCE: Final = 100

log = get_logger(__name__)


def complete_refunds(
    sessions: Sessions,
    provider: PaymentProvider,
    *,
    clock: Clock,
    attempts: int,
    purchase_id: str | None = None,
    limit: int = AT_ONCE,
) -> int:
    """Have the provider give back what is due, of one purchase or all; return how many it did.

    May be repeated, and run by several at once: the provider gives each payment back once. What it
    does not give back now stays due, and waits behind the others.
    """

    def find(session: Session) -> Sequence[Payment]:
        payments = PaymentRepository(session)
        return payments.list_in(PaymentStatus.REFUND_DUE, purchase_id=purchase_id, limit=limit)

    due = run_in_transaction(sessions, find, attempts=attempts)
    answers = [(payment.id, _ask(provider, payment)) for payment in due]

    def note(session: Session) -> None:
        payments = PaymentRepository(session)
        for payment_id, is_refunded in answers:
            payments.note_refund(payment_id, clock(), is_done=is_refunded)

    run_in_transaction(sessions, note, attempts=attempts)
    return sum(is_refunded for _, is_refunded in answers)


def _ask(provider: PaymentProvider, payment: Payment) -> bool:
    try:
        provider.refund(payment.id, payment.amount)
    except PaymentProviderError as error:
        log.warning("refund_left_due", payment_id=payment.id, error=type(error).__name__)
        return False
    return True
