"""Paying: one card, one key, one payment, however often and from how many tabs it is asked."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from services.storefront.tests.lifecycle.conftest import MakePurchase
from services.storefront.tests.payments.conftest import (
    LEASE,
    NOTHING,
    TOTAL,
    MakeDesk,
    Move,
    Pay,
    PaymentsOf,
    StatusOf,
    Waits,
    view_of,
)

from storefront.models import PurchaseStatus
from storefront.payments.desk import PaymentDesk
from storefront.payments.fake_provider import FakePaymentProvider
from storefront.payments.provider import (
    Outcome,
    PaymentProviderUnavailableError,
    PaymentTimeoutError,
    TimedPaymentProvider,
)
from storefront.payments.service import PurchaseNotPayableError
from storefront.purchases.errors import (
    IdempotencyKeyReusedError,
    PurchaseNotFoundError,
    RequestInFlightError,
)

pytestmark = pytest.mark.servers


class TestCards:
    def test_an_approved_one_pays_the_whole_purchase(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        status_of: StatusOf,
        payments_of: PaymentsOf,
    ) -> None:
        purchase_id = make_purchase(user_id)
        payment = view_of(pay(purchase_id))
        assert (payment.status, payment.amount, payment.currency) == ("approved", TOTAL, "INR")
        assert status_of(purchase_id) == "paid"
        assert provider.taken == {payment.id: TOTAL}
        assert payments_of(purchase_id)[0].provider_reference == f"fake_{payment.id}"

    @pytest.mark.parametrize(
        ("card", "reason"),
        [
            ("card_declined", "card_declined"),
            ("card_insufficient_funds", "insufficient_funds"),
            ("card_of_nobody", "unknown_method"),
        ],
    )
    def test_a_declined_one_pays_nothing_and_another_may_follow(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        status_of: StatusOf,
        card: str,
        reason: str,
    ) -> None:
        purchase_id = make_purchase(user_id)
        payment = view_of(pay(purchase_id, card))
        assert (payment.status, payment.reason) == ("declined", reason)
        assert (status_of(purchase_id), provider.balance) == ("placed", NOTHING)
        assert view_of(pay(purchase_id)).status == "approved"

    def test_one_whose_answer_is_lost_is_asked_again_and_charged_once(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        status_of: StatusOf,
        payments_of: PaymentsOf,
    ) -> None:
        purchase_id = make_purchase(user_id)
        with pytest.raises(PaymentTimeoutError):
            pay(purchase_id, "card_timeout", key="k")
        assert [one.status for one in payments_of(purchase_id)] == ["pending"]
        assert status_of(purchase_id) == "placed"
        payment = view_of(pay(purchase_id, "card_timeout", key="k"))
        assert (payment.status, status_of(purchase_id)) == ("approved", "paid")
        assert provider.taken == {payment.id: TOTAL}

    def test_one_whose_provider_is_away_stays_pending(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        payments_of: PaymentsOf,
    ) -> None:
        purchase_id = make_purchase(user_id)
        for _ in range(2):
            with pytest.raises(PaymentProviderUnavailableError):
                pay(purchase_id, "card_unavailable", key="k")
        (payment,) = payments_of(purchase_id)
        assert (payment.status, payment.reason) == ("pending", "provider_unavailable")
        assert provider.balance == NOTHING

    def test_one_that_notifies_twice_besides_counts_once(
        self,
        make_desk: MakeDesk,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        status_of: StatusOf,
        payments_of: PaymentsOf,
    ) -> None:
        told: list[str] = []

        def notify(payment_id: str, outcome: Outcome) -> None:
            told.append(payment_id)
            desk.settle(payment_id, outcome)

        provider = FakePaymentProvider(notify)
        desk = make_desk(provider)
        purchase_id = make_purchase(user_id)
        payment = view_of(pay(purchase_id, "card_twice", at=desk))
        assert told == [payment.id, payment.id]
        assert (payment.status, status_of(purchase_id)) == ("approved", "paid")
        assert provider.balance == TOTAL
        assert len(payments_of(purchase_id)) == 1

    def test_one_that_hangs_is_given_up_in_time(
        self,
        make_desk: MakeDesk,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        payments_of: PaymentsOf,
    ) -> None:
        hanging = Waits()
        purchase_id = make_purchase(user_id)
        with ThreadPoolExecutor(1) as pool:
            desk = make_desk(TimedPaymentProvider(hanging, pool, LEASE / 1000))
            with pytest.raises(PaymentTimeoutError):
                pay(purchase_id, at=desk, key="k")
            hanging.may_answer.set()
        assert [one.reason for one in payments_of(purchase_id)] == ["provider_timeout"]
        assert view_of(pay(purchase_id, at=make_desk(hanging), key="k")).status == "approved"
        assert hanging.balance == TOTAL


class TestKeys:
    def test_the_same_request_gets_the_same_bytes(
        self, pay: Pay, make_purchase: MakePurchase, user_id: str, provider: FakePaymentProvider
    ) -> None:
        purchase_id = make_purchase(user_id)
        first, again = (pay(purchase_id, key="k") for _ in range(2))
        assert (again.status_code, again.body) == (first.status_code, first.body)
        assert (first.is_replay, again.is_replay) == (False, True)
        assert provider.balance == TOTAL

    def test_an_answer_is_kept_even_when_the_purchase_went_on(
        self, pay: Pay, make_purchase: MakePurchase, user_id: str, move: Move
    ) -> None:
        purchase_id = make_purchase(user_id)
        first = pay(purchase_id, key="k")
        move(purchase_id, PurchaseStatus.CANCELLED)
        assert pay(purchase_id, key="k").body == first.body

    @pytest.mark.parametrize("card", ["card_ok", "card_timeout"])
    def test_a_key_with_another_card_is_422_known_or_not(
        self, pay: Pay, make_purchase: MakePurchase, user_id: str, card: str
    ) -> None:
        purchase_id = make_purchase(user_id)
        if card == "card_timeout":
            with pytest.raises(PaymentTimeoutError):
                pay(purchase_id, card, key="k")
        else:
            pay(purchase_id, card, key="k")
        with pytest.raises(IdempotencyKeyReusedError):
            pay(purchase_id, "card_declined", key="k")

    def test_a_key_of_another_purchase_is_422(
        self, pay: Pay, make_purchase: MakePurchase, user_id: str
    ) -> None:
        pay(make_purchase(user_id), key="k")
        with pytest.raises(IdempotencyKeyReusedError):
            pay(make_purchase(user_id), key="k")

    def test_a_request_in_flight_is_409_and_the_first_goes_on(
        self, make_desk: MakeDesk, pay: Pay, make_purchase: MakePurchase, user_id: str
    ) -> None:
        purchase_id = make_purchase(user_id)
        waiting = Waits()
        desk = make_desk(waiting)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(pay, purchase_id, key="k", at=desk)
            assert waiting.is_asked.wait(20)
            with pytest.raises(RequestInFlightError):
                pay(purchase_id, key="k", at=desk)
            waiting.may_answer.set()
            assert view_of(first.result()).status == "approved"
        assert waiting.balance == TOTAL

    def test_a_refusal_sets_the_key_free(
        self, pay: Pay, make_purchase: MakePurchase, user_id: str
    ) -> None:
        with pytest.raises(PurchaseNotPayableError):
            pay(make_purchase(user_id, PurchaseStatus.CANCELLED), key="k")
        assert view_of(pay(make_purchase(user_id), key="k")).status == "approved"


class TestOnce:
    @pytest.mark.parametrize("status", sorted(set(PurchaseStatus) - {PurchaseStatus.PLACED}))
    def test_only_what_is_placed_can_be_paid(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        status: PurchaseStatus,
    ) -> None:
        with pytest.raises(PurchaseNotPayableError) as raised:
            pay(make_purchase(user_id, status))
        assert raised.value.extensions == {"purchase_status": status}
        assert provider.taken == {}

    def test_anothers_purchase_is_404(
        self, desk: PaymentDesk, pay: Pay, make_purchase: MakePurchase, user_id: str
    ) -> None:
        purchase_id = make_purchase(user_id)
        with pytest.raises(PurchaseNotFoundError):
            pay("01ARZ3NDEKTSV4RRFFQ69G5FAV")
        assert view_of(pay(purchase_id)).status == "approved"

    def test_of_many_tabs_one_pays_and_the_others_get_their_money_back(
        self,
        make_desk: MakeDesk,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        status_of: StatusOf,
        payments_of: PaymentsOf,
    ) -> None:
        together = Barrier(4)

        class AllAtOnce(FakePaymentProvider):
            def charge(self, *args: object, **kwargs: object) -> Outcome:
                together.wait(20)
                return super().charge(*args, **kwargs)  # type: ignore[arg-type]

        provider = AllAtOnce()
        desk = make_desk(provider)
        purchase_id = make_purchase(user_id)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: view_of(pay(purchase_id, at=desk)), range(4)))
        states = Counter(answer.status for answer in answers)
        assert states == {"approved": 1, "refunded": 3}
        assert Counter(one.status for one in payments_of(purchase_id)) == {
            "approved": 1,
            "refunded": 3,
        }
        assert len(provider.taken) == 4
        assert (provider.balance, status_of(purchase_id)) == (TOTAL, "paid")

    def test_a_retry_storm_is_one_payment(
        self,
        pay: Pay,
        make_purchase: MakePurchase,
        user_id: str,
        provider: FakePaymentProvider,
        payments_of: PaymentsOf,
    ) -> None:
        purchase_id = make_purchase(user_id)

        def storm(_: int) -> str | None:
            try:
                return pay(purchase_id, key="storm").body
            except RequestInFlightError:
                return None

        with ThreadPoolExecutor(8) as pool:
            bodies = set(pool.map(storm, range(24)))
        assert bodies - {None} <= {pay(purchase_id, key="storm").body}
        assert len(payments_of(purchase_id)) == 1
        assert provider.balance == TOTAL
