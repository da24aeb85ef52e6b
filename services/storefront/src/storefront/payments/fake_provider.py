"""A payment provider for development and tests: no money, but cards that behave like real ones."""

from collections.abc import Callable
from decimal import Decimal
from threading import Lock
from typing import Final

from storefront.payments.provider import (
    Outcome,
    PaymentProviderUnavailableError,
    PaymentTimeoutError,
)

OK: Final = "card_ok"
TWICE: Final = "card_twice"
"""Approved; the provider also notifies twice, and before its answer is read."""
TIMEOUT: Final = "card_timeout"
"""Approved; the first answer is lost."""
UNAVAILABLE: Final = "card_unavailable"
DECLINES: Final = {
    "card_declined": "card_declined",
    "card_insufficient_funds": "insufficient_funds",
}

Notify = Callable[[str, Outcome], None]


def _tell_nobody(_: str, __: Outcome) -> None:
    return None


class FakePaymentProvider:
    """Keeps books of what it took and gave back, by payment id, while the process lives."""

    def __init__(self, notify: Notify = _tell_nobody) -> None:
        self.taken: dict[str, Decimal] = {}
        self.given_back: dict[str, Decimal] = {}
        self._notify = notify
        self._outcomes: dict[str, Outcome] = {}
        self._lock = Lock()

    @property
    def balance(self) -> Decimal:
        """Return what it has taken and not given back."""
        return sum((self.held(payment_id) for payment_id in list(self.taken)), Decimal())

    def held(self, payment_id: str) -> Decimal:
        """Return what it has taken for the payment and not given back."""
        taken = self.taken.get(payment_id, Decimal())
        return taken - self.given_back.get(payment_id, Decimal())

    def charge(
        self,
        payment_id: str,
        amount: Decimal,
        currency: str,  # noqa: ARG002 - the port's; no test shop has two
        method: str,
    ) -> Outcome:
        """Take the money as the card says; the same id again gets the same outcome."""
        if method == UNAVAILABLE:
            raise PaymentProviderUnavailableError
        with self._lock:
            is_new = payment_id not in self._outcomes
            outcome = self._outcomes.setdefault(payment_id, _outcome_of(payment_id, method))
            if is_new and outcome.is_approved:
                self.taken[payment_id] = amount
        if method == TWICE:
            self._notify(payment_id, outcome)
            self._notify(payment_id, outcome)
        if method == TIMEOUT and is_new:
            raise PaymentTimeoutError
        return outcome

    def refund(self, payment_id: str, amount: Decimal) -> None:
        """Give back what was taken; where nothing was, nothing will be."""
        with self._lock:
            self._outcomes.setdefault(payment_id, Outcome(is_approved=False, reason="voided"))
            if payment_id in self.taken:
                self.given_back[payment_id] = amount


def _outcome_of(payment_id: str, method: str) -> Outcome:
    if method in (OK, TWICE, TIMEOUT):
        return Outcome(is_approved=True, reference=f"fake_{payment_id}")
    return Outcome(is_approved=False, reason=DECLINES.get(method, "unknown_method"))
