"""Wherever paying is ended, it is gone on from, and money that is not the shop's goes back."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from services.storefront.tests.lifecycle.conftest import HandClock, MakePurchase
from services.storefront.tests.payments.conftest import (
    LEASE,
    NOTHING,
    TOTAL,
    Crash,
    CrashesAfterTheCharge,
    GivesNothingBack,
    MakeDesk,
    Move,
    Pay,
    PaymentsOf,
    StatusOf,
    Waits,
    view_of,
)
from sqlalchemy import update

from storefront.database import Sessions, transaction
from storefront.models import Payment, PaymentStatus, PurchaseStatus
from storefront.payments.desk import PaymentDesk
from storefront.payments.fake_provider import FakePaymentProvider
from storefront.payments.provider import (
    Outcome,
    PaymentProviderError,
    PaymentProviderUnavailableError,
)
from storefront.payments.refunds import complete_refunds
from storefront.payments.service import PaymentNotFoundError, PurchaseNotPayableError
from storefront.purchases.errors import (
    RequestInFlightError,
)

pytestmark = pytest.mark.servers


def recovered(provider: FakePaymentProvider) -> FakePaymentProvider:
    """Return the provider as it goes on after its trouble, with all that it knows."""
    healthy = FakePaymentProvider()
    vars(healthy).update(vars(provider))
    return healthy


class TestCrashes:
    def test_one_after_the_charge_is_gone_on_from_with_the_same_key(
        self,
        make_desk: MakeDesk,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        clock: HandClock,
        status_of: StatusOf,
    ) -> None:
        purchase_id = make_purchase(user_id)
        provider = CrashesAfterTheCharge()
        with pytest.raises(Crash):
            pay(purchase_id, key="k", at=make_desk(provider))
        assert (provider.balance, status_of(purchase_id)) == (TOTAL, "placed")
        healthy = recovered(provider)
        with pytest.raises(RequestInFlightError):
            pay(purchase_id, key="k", at=make_desk(healthy))
        clock.advance(LEASE)
        payment = view_of(pay(purchase_id, key="k", at=make_desk(healthy)))
        assert (payment.status, status_of(purchase_id)) == ("approved", "paid")
        assert healthy.taken == {payment.id: TOTAL}

    def test_one_by_a_clock_that_was_ahead_is_gone_on_from_when_it_is_right_again(
        self,
        make_desk: MakeDesk,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        clock: HandClock,
    ) -> None:
        purchase_id = make_purchase(user_id)
        provider = CrashesAfterTheCharge()
        clock.advance(2 * LEASE)
        with pytest.raises(Crash):
            pay(purchase_id, key="k", at=make_desk(provider))
        clock.advance(-2 * LEASE)
        healthy = recovered(provider)
        payment = view_of(pay(purchase_id, key="k", at=make_desk(healthy)))
        assert (payment.status, healthy.balance) == ("approved", TOTAL)

    def test_one_between_the_settlement_and_the_answer_loses_nothing(
        self, desk: PaymentDesk, pay: Pay, make_purchase: MakePurchase, user_id: str
    ) -> None:
        purchase_id = make_purchase(user_id)

        class DiesAfterwards(PaymentDesk):
            def settle(self, payment_id: str, outcome: Outcome) -> None:
                super().settle(payment_id, outcome)
                raise Crash

        dying = DiesAfterwards.__new__(DiesAfterwards)
        vars(dying).update(vars(desk))
        with pytest.raises(Crash):
            pay(purchase_id, key="k", at=dying)
        assert view_of(pay(purchase_id, key="k")).status == "approved"

    def test_one_whose_shopper_never_comes_back_is_settled_by_the_housekeeping(
        self,
        make_desk: MakeDesk,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        clock: HandClock,
        status_of: StatusOf,
    ) -> None:
        purchase_id = make_purchase(user_id)
        provider = CrashesAfterTheCharge()
        with pytest.raises(Crash):
            pay(purchase_id, at=make_desk(provider))
        healthy = recovered(provider)
        desk = make_desk(healthy)
        assert desk.complete_payments() == 0
        clock.advance(LEASE)
        assert desk.complete_payments() == 1
        assert (status_of(purchase_id), healthy.balance) == ("paid", TOTAL)

    def test_the_housekeeping_charges_nobody_for_what_was_cancelled(
        self,
        desk: PaymentDesk,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        clock: HandClock,
        move: Move,
        sessions: Sessions,
        payments_of: PaymentsOf,
    ) -> None:
        purchase_id = make_purchase(user_id)
        with pytest.raises(PaymentProviderUnavailableError):
            pay(purchase_id, "card_unavailable")
        move(purchase_id, PurchaseStatus.CANCELLED)
        clock.advance(LEASE)
        desk.complete_payments()
        complete_refunds(sessions, provider, clock=clock, attempts=5)
        assert provider.taken == {}
        assert [one.status for one in payments_of(purchase_id)] == ["refunded"]

    def test_the_housekeeping_leaves_pending_what_it_cannot_learn(
        self,
        desk: PaymentDesk,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        clock: HandClock,
        payments_of: PaymentsOf,
    ) -> None:
        purchase_id = make_purchase(user_id)
        with pytest.raises(PaymentProviderError):
            pay(purchase_id, "card_unavailable")
        clock.advance(LEASE)
        assert desk.complete_payments() == 0
        assert [one.status for one in payments_of(purchase_id)] == ["pending"]


class TestGivingBack:
    def test_a_late_approval_of_a_cancelled_purchase_goes_back_at_once(
        self,
        make_desk: MakeDesk,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        move: Move,
        status_of: StatusOf,
        payments_of: PaymentsOf,
    ) -> None:
        purchase_id = make_purchase(user_id)
        waiting = Waits()
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(pay, purchase_id, at=make_desk(waiting))
            assert waiting.is_asked.wait(20)
            move(purchase_id, PurchaseStatus.CANCELLED)
            waiting.may_answer.set()
            assert view_of(late.result()).reason == "purchase_cancelled"
        assert [one.status for one in payments_of(purchase_id)] == ["refunded"]
        assert (waiting.balance, status_of(purchase_id)) == (NOTHING, "cancelled")

    @pytest.mark.parametrize("_", range(5))
    def test_paying_and_cancelling_at_once_leaves_no_money_behind(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        move: Move,
        status_of: StatusOf,
        _: int,
    ) -> None:
        purchase_id = make_purchase(user_id)
        with ThreadPoolExecutor(2) as pool:
            paid = pool.submit(pay, purchase_id)
            cancelled = pool.submit(move, purchase_id, PurchaseStatus.CANCELLED)
            assert isinstance(paid.exception(), PurchaseNotPayableError | None)
            cancelled.result()
        assert (status_of(purchase_id), provider.balance) == ("cancelled", NOTHING)

    def test_several_that_give_back_at_once_give_back_once(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        clock: HandClock,
        sessions: Sessions,
        payments_of: PaymentsOf,
    ) -> None:
        purchase_id = make_purchase(user_id)
        pay(purchase_id)
        with transaction(sessions) as session:
            session.execute(update(Payment).values(status=PaymentStatus.REFUND_DUE))

        def complete(_: int) -> int:
            return complete_refunds(sessions, provider, clock=clock, attempts=5)

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(complete, range(4))) >= 1
        assert [one.status for one in payments_of(purchase_id)] == ["refunded"]
        assert provider.balance == NOTHING

    @pytest.mark.parametrize("target", [PurchaseStatus.CANCELLED, PurchaseStatus.REFUNDED])
    def test_the_money_of_an_undone_purchase_goes_back(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        move: Move,
        payments_of: PaymentsOf,
        target: PurchaseStatus,
    ) -> None:
        purchase_id = make_purchase(user_id)
        pay(purchase_id)
        move(purchase_id, target)
        assert provider.balance == NOTHING
        assert [one.status for one in payments_of(purchase_id)] == ["refunded"]

    def test_what_the_provider_does_not_give_back_now_stays_due(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        clock: HandClock,
        move: Move,
        sessions: Sessions,
        payments_of: PaymentsOf,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        purchase_id = make_purchase(user_id)
        pay(purchase_id)
        with monkeypatch.context() as away:
            away.setattr(provider, "refund", GivesNothingBack().refund)
            move(purchase_id, PurchaseStatus.CANCELLED)
            assert [one.status for one in payments_of(purchase_id)] == ["refund_due"]
            assert complete_refunds(sessions, provider, clock=clock, attempts=5) == 0
        assert complete_refunds(sessions, provider, clock=clock, attempts=5) == 1
        assert complete_refunds(sessions, provider, clock=clock, attempts=5) == 0
        assert provider.balance == NOTHING

    def test_a_crash_before_the_refund_is_made_good_by_the_same_cancel(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        move: Move,
        payments_of: PaymentsOf,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def die(*_: object) -> None:
            raise Crash

        purchase_id = make_purchase(user_id)
        pay(purchase_id)
        with monkeypatch.context() as dying:
            dying.setattr(provider, "refund", die)
            with pytest.raises(Crash):
                move(purchase_id, PurchaseStatus.CANCELLED)
        assert [one.status for one in payments_of(purchase_id)] == ["refund_due"]
        move(purchase_id, PurchaseStatus.CANCELLED)
        assert [one.status for one in payments_of(purchase_id)] == ["refunded"]
        assert provider.balance == NOTHING


class TestSettling:
    def test_an_outcome_is_noted_once(
        self,
        desk: PaymentDesk,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        payments_of: PaymentsOf,
    ) -> None:
        purchase_id = make_purchase(user_id)
        payment = view_of(pay(purchase_id))
        before = vars(payments_of(purchase_id)[0]).copy()
        for outcome in (Outcome(is_approved=True), Outcome(is_approved=False, reason="late")):
            desk.settle(payment.id, outcome)
        after = vars(payments_of(purchase_id)[0])
        assert {key: after[key] for key in after if key[0] != "_"} == {
            key: before[key] for key in before if key[0] != "_"
        }

    def test_a_payment_that_we_never_asked_for_is_404(self, desk: PaymentDesk) -> None:
        with pytest.raises(PaymentNotFoundError):
            desk.settle("01ARZ3NDEKTSV4RRFFQ69G5FAV", Outcome(is_approved=True))
