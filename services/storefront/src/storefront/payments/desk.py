"""Where a purchase is paid: what is known is committed before and after the provider is asked."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from fashion_kit.logs import get_logger
from storefront.database import Sessions, run_in_transaction
from storefront.models import PaymentStatus
from storefront.outbox.repository import OutboxRepository
from storefront.payments.provider import Outcome, PaymentProvider, PaymentProviderError
from storefront.payments.refunds import AT_ONCE, complete_refunds
from storefront.payments.repository import PaymentRepository
from storefront.payments.schemas import PaymentRequest
from storefront.payments.service import Charge, PaymentService
from storefront.purchases.idempotency import Answer, IdempotencyRepository
from storefront.purchases.lifecycle_repository import LifecycleRepository
from storefront.purchases.lifecycle_service import LifecycleService
from storefront.stock.repository import StockRepository

Result = TypeVar("Result")

log = get_logger(__name__)


class PaymentDesk:
    """Takes payments. Wherever it is ended, the same request or `complete_payments` goes on."""

    def __init__(
        self,
        sessions: Sessions,
        provider: PaymentProvider,
        *,
        clock: Clock,
        new_id: IdFactory,
        attempts: int,
        timeout: timedelta,
    ) -> None:
        self._sessions = sessions
        self._provider = provider
        self._clock = clock
        self._new_id = new_id
        self._attempts = attempts
        self._timeout = timeout

    def pay(self, buyer_id: str, purchase_id: str, key: str, request: PaymentRequest) -> Answer:
        """Return the committed answer; raise PaymentProviderError while there is none."""

        def begin(session: Session) -> Answer | Charge:
            keys = IdempotencyRepository(session, buyer_id, key)
            return self._service(session).begin(keys, buyer_id, purchase_id, request)

        while isinstance(step := self._transact(begin), Charge):
            self._ask(step)
        return step

    def settle(self, payment_id: str, outcome: Outcome) -> None:
        """Note the provider's word, and give back at once what is not ours to keep."""

        def settle(session: Session) -> tuple[str, str]:
            payment = self._service(session).settle(payment_id, outcome)
            return payment.purchase_id, payment.status

        purchase_id, status = self._transact(settle)
        if status == PaymentStatus.REFUND_DUE:
            complete_refunds(
                self._sessions,
                self._provider,
                clock=self._clock,
                attempts=self._attempts,
                purchase_id=purchase_id,
            )

    def complete_payments(self, limit: int = AT_ONCE) -> int:
        """Ask about payments whose outcome nobody waits for any more; return how many are known.

        Refunds that become due are left to `complete_refunds`.
        """
        until = self._clock() - self._timeout

        def find(session: Session) -> list[str]:
            payments = PaymentRepository(session)
            left = payments.list_in(PaymentStatus.PENDING, until=until, limit=limit)
            return [payment.id for payment in left]

        return sum(self._resume(payment_id) for payment_id in self._transact(find))

    def _resume(self, payment_id: str) -> bool:
        charge = self._transact(lambda session: self._service(session).resume(payment_id))
        if charge is None:
            return True
        try:
            self._ask(charge)
        except PaymentProviderError as error:
            log.warning("payment_left_pending", payment_id=payment_id, error=type(error).__name__)
            return False
        return True

    def _ask(self, charge: Charge) -> None:
        try:
            outcome = self._provider.charge(*charge)
        except PaymentProviderError as error:
            reason = error.reason
            self._transact(
                lambda session: self._service(session).leave_pending(charge.payment_id, reason)
            )
            raise
        self.settle(charge.payment_id, outcome)

    def _transact(self, work: Callable[[Session], Result]) -> Result:
        return run_in_transaction(self._sessions, work, attempts=self._attempts)

    def _service(self, session: Session) -> PaymentService:
        payments = PaymentRepository(session)
        lifecycle = LifecycleService(
            LifecycleRepository(session),
            payments,
            StockRepository(session),
            OutboxRepository(session),
            clock=self._clock,
            new_id=self._new_id,
        )
        return PaymentService(
            payments, lifecycle, clock=self._clock, new_id=self._new_id, lease=self._timeout
        )
