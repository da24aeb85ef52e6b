"""The port to whoever takes the money.

TransientError
+-- PaymentProviderError
    +-- PaymentTimeoutError              what became of the charge is not known
    +-- PaymentProviderUnavailableError  nothing became of it
"""

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, NamedTuple, ParamSpec, Protocol, TypeVar

from fashion_kit.errors import TransientError

P = ParamSpec("P")
Result = TypeVar("Result")


class PaymentProviderError(TransientError):
    """Raised when the provider gave no answer; asking again under the same id is harmless."""

    reason: ClassVar[str]


class PaymentTimeoutError(PaymentProviderError):
    """Raised when the provider's answer was lost or late."""

    reason = "provider_timeout"

    def __init__(self) -> None:
        super().__init__(
            "The payment's outcome is not known yet. Ask again with the same Idempotency-Key."
        )


class PaymentProviderUnavailableError(PaymentProviderError):
    """Raised when the provider could not be reached, or refused to work."""

    reason = "provider_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The payment provider is not there. Try again with the same Idempotency-Key."
        )


class Outcome(NamedTuple):
    """What became of a charge: approved, or declined with a reason."""

    is_approved: bool
    reason: str | None = None
    reference: str | None = None
    """The provider's own name for the charge."""


class PaymentProvider(Protocol):
    """Takes money and gives it back, each once for a payment id however often it is asked."""

    def charge(self, payment_id: str, amount: Decimal, currency: str, method: str) -> Outcome:
        """Take the money, or say what became of it when it was asked for before.

        Raises PaymentTimeoutError or PaymentProviderUnavailableError.
        """

    def refund(self, payment_id: str, amount: Decimal) -> None:
        """Give the money back. A payment that took none will take none any more.

        Raises PaymentTimeoutError or PaymentProviderUnavailableError.
        """


class TimedPaymentProvider:
    """A provider whose answer is waited for only so long, whatever it does."""

    def __init__(self, provider: PaymentProvider, pool: Executor, timeout: timedelta) -> None:
        self._provider = provider
        self._pool = pool
        self._timeout = timeout.total_seconds()

    def charge(self, payment_id: str, amount: Decimal, currency: str, method: str) -> Outcome:
        """Ask the provider; raise PaymentTimeoutError when the time is over."""
        return self._in_time(self._provider.charge, payment_id, amount, currency, method)

    def refund(self, payment_id: str, amount: Decimal) -> None:
        """Ask the provider; raise PaymentTimeoutError when the time is over."""
        self._in_time(self._provider.refund, payment_id, amount)

    def _in_time(self, ask: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        asked = self._pool.submit(ask, *args, **kwargs)
        try:
            return asked.result(self._timeout)
        except TimeoutError as error:
            # One that no thread has taken up yet need not be asked any more.
            asked.cancel()
            raise PaymentTimeoutError from error
