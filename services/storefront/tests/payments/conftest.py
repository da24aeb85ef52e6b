"""A payment desk over the real database, with a provider whose books can be read."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Event

import pytest
from services.storefront.tests.lifecycle.conftest import (  # noqa: F401 - fixtures
    PRICE,
    HandClock,
    clock,
    make_purchase,
    payments_of,
    staff,
    status_of,
)

from fashion_kit.ids import new_id
from storefront.database import Sessions
from storefront.models import Payment, PurchaseStatus
from storefront.payments.desk import PaymentDesk
from storefront.payments.fake_provider import FakePaymentProvider
from storefront.payments.provider import (
    Outcome,
    PaymentProvider,
    PaymentProviderUnavailableError,
)
from storefront.payments.schemas import PaymentRequest, PaymentView
from storefront.purchases.idempotency import Answer
from storefront.purchases.lifecycle_desk import LifecycleDesk
from storefront.settings import StorefrontSettings

LEASE = timedelta(seconds=5)
TOTAL = 2 * PRICE
NOTHING = Decimal()

StatusOf = Callable[[str], str]
PaymentsOf = Callable[[str], list[Payment]]

MakeDesk = Callable[[PaymentProvider], PaymentDesk]
Pay = Callable[..., Answer]
Move = Callable[[str, PurchaseStatus], object]
MakeMove = Callable[[PaymentProvider], Move]


class Crash(BaseException):
    """The process died here."""


class CrashesAfterTheCharge(FakePaymentProvider):
    """Takes the money, and the process dies before it reads the answer."""

    def charge(self, payment_id: str, amount: Decimal, currency: str, method: str) -> Outcome:
        super().charge(payment_id, amount, currency, method)
        raise Crash


class Waits(FakePaymentProvider):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked = Event()
        self.may_answer = Event()

    def charge(self, payment_id: str, amount: Decimal, currency: str, method: str) -> Outcome:
        self.is_asked.set()
        assert self.may_answer.wait(20)
        return super().charge(payment_id, amount, currency, method)


class GivesNothingBack(FakePaymentProvider):
    """Is away whenever money is to go back."""

    def refund(self, payment_id: str, amount: Decimal) -> None:
        raise PaymentProviderUnavailableError


def view_of(answer: Answer) -> PaymentView:
    """Return the payment that an answer shows."""
    return PaymentView.model_validate_json(answer.body)


@pytest.fixture
def provider() -> FakePaymentProvider:
    return FakePaymentProvider()


@pytest.fixture
def make_desk(sessions: Sessions, clock: HandClock) -> MakeDesk:  # noqa: F811 - the fixture
    """Return a maker of desks, as each process has one."""

    def make(provider: PaymentProvider) -> PaymentDesk:
        return PaymentDesk(
            sessions, provider, clock=clock, new_id=new_id, attempts=5, timeout=LEASE
        )

    return make


@pytest.fixture
def desk(make_desk: MakeDesk, provider: FakePaymentProvider) -> PaymentDesk:
    return make_desk(provider)


@pytest.fixture
def pay(desk: PaymentDesk, user_id: str) -> Pay:
    """Return a way for the user to pay, under a new key unless one is given."""

    def pay(
        purchase_id: str,
        method: str = "card_ok",
        *,
        key: str | None = None,
        at: PaymentDesk = desk,
    ) -> Answer:
        return at.pay(user_id, purchase_id, key or new_id(), PaymentRequest(method=method))

    return pay


@pytest.fixture
def make_move(
    sessions: Sessions,
    clock: HandClock,  # noqa: F811 - the fixture
    storefront_settings: StorefrontSettings,
) -> MakeMove:
    """Return a maker of ways for an admin to move a purchase on."""

    def make(provider: PaymentProvider) -> Move:
        desk = LifecycleDesk(sessions, storefront_settings, clock, new_id, provider)
        return lambda purchase_id, target: desk.move(purchase_id, target, actor_id="admin")

    return make


@pytest.fixture
def move(make_move: MakeMove, provider: FakePaymentProvider) -> Move:
    """Return a way for an admin to move a purchase on."""
    return make_move(provider)
