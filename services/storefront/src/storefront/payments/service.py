"""The payments' decisions. Each is a transaction of its own; the provider is asked in between."""

from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Final, NamedTuple

from fashion_kit.clock import Clock
from fashion_kit.errors import ConflictError, NotFoundError
from fashion_kit.ids import IdFactory
from storefront.models import Payment, PaymentStatus, Purchase, PurchaseStatus
from storefront.payments.provider import Outcome
from storefront.payments.repository import PaymentRepository
from storefront.payments.schemas import PaymentRequest, PaymentView
from storefront.purchases.errors import RequestInFlightError
from storefront.purchases.idempotency import Answer, IdempotencyRepository
from storefront.purchases.lifecycle_service import PROVIDER, LifecycleService

# What is remembered of a key while the outcome is not known: this, and the payment's id.
_UNKNOWN: Final = HTTPStatus.ACCEPTED


class PurchaseNotPayableError(ConflictError):
    """Raised when there is nothing to pay: it is paid already, or was cancelled."""

    def __init__(self, present: str) -> None:
        super().__init__(
            f"A purchase that is {present} is not to be paid.", purchase_status=present
        )


class PaymentNotFoundError(NotFoundError):
    """Raised when the provider tells of a payment that we never asked for."""

    def __init__(self, payment_id: str) -> None:
        super().__init__(f"There is no payment {payment_id}.")


class Charge(NamedTuple):
    """What the provider is to be asked."""

    payment_id: str
    amount: Decimal
    currency: str
    method: str

    @classmethod
    def of(cls, payment: Payment) -> "Charge":
        """Return the charge of a payment."""
        return cls(payment.id, payment.amount, payment.currency, payment.method)


class PaymentService:
    """Begins payments and settles them, each once. `lease` is how long one may be asked about."""

    def __init__(
        self,
        payments: PaymentRepository,
        lifecycle: LifecycleService,
        *,
        clock: Clock,
        new_id: IdFactory,
        lease: timedelta,
    ) -> None:
        self._payments = payments
        self._lifecycle = lifecycle
        self._clock = clock
        self._new_id = new_id
        self._lease = lease

    def begin(
        self, keys: IdempotencyRepository, buyer_id: str, purchase_id: str, request: PaymentRequest
    ) -> Answer | Charge:
        """Return what to ask the provider; or the answer, where it is known.

        Raises RequestInFlightError while another request with the key asks.
        """
        before = keys.claim(request.digest(purchase_id), self._clock())
        if before is None:
            payment = self._open(self._lifecycle.lock(purchase_id, buyer_id), request)
            keys.keep(Answer(_UNKNOWN, payment.id))
            return Charge.of(payment)
        if before.status_code != _UNKNOWN:
            return before
        payment = self._payments.lock(before.body)
        if payment.status == PaymentStatus.PENDING:
            return self._take_over(payment)
        answer = Answer(HTTPStatus.CREATED, PaymentView.model_validate(payment).model_dump_json())
        keys.keep(answer)
        return answer

    def settle(self, payment_id: str, outcome: Outcome) -> Payment:
        """Note the outcome, unless it is known already: once, whoever tells it and how often."""
        purchase, payment = self._lock(payment_id)
        if payment.status != PaymentStatus.PENDING:
            return payment
        payment.updated_at = self._clock()
        payment.reason = outcome.reason
        payment.provider_reference = outcome.reference
        if not outcome.is_approved:
            payment.status = PaymentStatus.DECLINED
        elif purchase.status == PurchaseStatus.PLACED:
            payment.status = PaymentStatus.APPROVED
            self._lifecycle.move(purchase, PurchaseStatus.PAID, PROVIDER)
        else:
            self._give_back(payment, purchase)
        return payment

    def leave_pending(self, payment_id: str, reason: str) -> None:
        """Note that the provider gave no answer, so that the next request asks again."""
        self._payments.leave_pending(payment_id, reason, self._clock())

    def resume(self, payment_id: str) -> Charge | None:
        """Return what to ask about a payment that whoever began it has left alone, if anything.

        Where the purchase is not to be paid any more, the money is to go back, if any was taken.
        """
        purchase, payment = self._lock(payment_id)
        if payment.status != PaymentStatus.PENDING or self._is_asked(payment):
            return None
        payment.updated_at = self._clock()
        if purchase.status != PurchaseStatus.PLACED:
            self._give_back(payment, purchase)
            return None
        payment.reason = None
        return Charge.of(payment)

    def _open(self, purchase: Purchase, request: PaymentRequest) -> Payment:
        if purchase.status != PurchaseStatus.PLACED:
            raise PurchaseNotPayableError(purchase.status)
        now = self._clock()
        payment = Payment(
            id=self._new_id(),
            purchase_id=purchase.id,
            status=PaymentStatus.PENDING,
            amount=purchase.total,
            currency=purchase.currency,
            method=request.method,
            created_at=now,
            updated_at=now,
        )
        self._payments.add(payment)
        return payment

    def _take_over(self, payment: Payment) -> Charge:
        if self._is_asked(payment):
            raise RequestInFlightError
        payment.updated_at = self._clock()
        payment.reason = None
        return Charge.of(payment)

    def _is_asked(self, payment: Payment) -> bool:
        # Without a reason somebody is asking, or died while asking: then the lease runs out. What
        # was noted by a clock that was ahead must not make it longer.
        is_leased = abs(self._clock() - payment.updated_at) < self._lease
        return payment.reason is None and is_leased

    def _give_back(self, payment: Payment, purchase: Purchase) -> None:
        payment.status = PaymentStatus.REFUND_DUE
        payment.reason = f"purchase_{purchase.status}"

    def _lock(self, payment_id: str) -> tuple[Purchase, Payment]:
        # The purchase first, as everybody does who locks both.
        purchase_id = self._payments.purchase_of(payment_id)
        if purchase_id is None:
            raise PaymentNotFoundError(payment_id)
        purchase = self._lifecycle.lock(purchase_id)
        return purchase, self._payments.lock(payment_id)
