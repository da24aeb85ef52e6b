"""Payments over HTTP: keys, owners, and the provider's signed word."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from services.storefront.tests.conftest import InProcess, Shopper
from services.storefront.tests.lifecycle.conftest import MakePurchase, Staff
from sqlalchemy import select
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from storefront.database import Sessions
from storefront.models import Payment, PaymentStatus, PurchaseStatus
from storefront.payments.signatures import sign

pytestmark = pytest.mark.servers

KEY = "whsec_test"


def kind_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"].removeprefix("urn:fashion-store:problem:"))


def pay(
    shopper: Shopper, purchase_id: str, method: str = "card_ok", *, key: str | None = None
) -> httpx.Response:
    return shopper.client.post(
        f"/purchases/{purchase_id}/payments",
        json={"method": method},
        headers={"Idempotency-Key": key or new_id()},
    )


class TestPaying:
    def test_the_answer_is_the_payment_and_a_replay_the_same_bytes(
        self, shopper: Shopper, make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(shopper.id)
        first, again = (pay(shopper, purchase_id, key="k") for _ in range(2))
        assert (first.status_code, first.json()["status"]) == (201, "approved")
        assert first.json()["amount"] == "999.00"
        assert (again.status_code, again.content) == (201, first.content)
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        assert shopper.client.get(f"/purchases/{purchase_id}").json()["status"] == "paid"

    def test_a_lost_answer_is_503_and_the_same_request_learns_it(
        self, shopper: Shopper, make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(shopper.id)
        lost = pay(shopper, purchase_id, "card_timeout", key="k")
        assert (lost.status_code, kind_of(lost)) == (503, "payment-timeout")
        assert lost.headers["retry-after"]
        assert pay(shopper, purchase_id, "card_timeout", key="k").json()["status"] == "approved"

    def test_a_provider_that_is_away_is_503(
        self, shopper: Shopper, make_purchase: MakePurchase
    ) -> None:
        answer = pay(shopper, make_purchase(shopper.id), "card_unavailable")
        assert (answer.status_code, kind_of(answer)) == (503, "payment-provider-unavailable")

    def test_a_card_that_notifies_twice_pays_once(
        self, shopper: Shopper, make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(shopper.id)
        assert pay(shopper, purchase_id, "card_twice").json()["status"] == "approved"
        way = shopper.client.get(f"/purchases/{purchase_id}/transitions").json()
        assert [step["to_status"] for step in way] == ["placed", "paid"]
        assert way[1]["actor_id"] == "payment-provider"

    def test_what_is_paid_or_cancelled_is_409(
        self, shopper: Shopper, make_purchase: MakePurchase
    ) -> None:
        for status in (PurchaseStatus.PAID, PurchaseStatus.CANCELLED):
            answer = pay(shopper, make_purchase(shopper.id, status))
            assert (answer.status_code, kind_of(answer)) == (409, "purchase-not-payable")
            assert answer.json()["purchase_status"] == status

    def test_the_same_key_with_another_card_is_422(
        self, shopper: Shopper, make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(shopper.id)
        pay(shopper, purchase_id, key="k")
        answer = pay(shopper, purchase_id, "card_declined", key="k")
        assert (answer.status_code, kind_of(answer)) == (422, "idempotency-key-reused")

    def test_without_a_key_it_is_400(self, shopper: Shopper, make_purchase: MakePurchase) -> None:
        path = f"/purchases/{make_purchase(shopper.id)}/payments"
        answer = shopper.client.post(path, json={"method": "card_ok"})
        assert (answer.status_code, kind_of(answer)) == (400, "missing-idempotency-key")

    @pytest.mark.parametrize(
        "body", [{}, {"method": ""}, {"method": "4111 1111"}, {"method": "card_ok", "amount": 1}]
    )
    def test_a_bad_body_is_422(
        self, shopper: Shopper, make_purchase: MakePurchase, body: Any
    ) -> None:
        path = f"/purchases/{make_purchase(shopper.id)}/payments"
        headers = {"Idempotency-Key": "k"}
        assert shopper.client.post(path, json=body, headers=headers).status_code == 422

    def test_anothers_purchase_is_404_even_for_the_staff(
        self, register: Callable[[], Shopper], staff: Staff, make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(register().id)
        clients = (register().client, staff("admin"))
        for client in clients:
            answer = pay(Shopper("", client), purchase_id)
            assert (answer.status_code, kind_of(answer)) == (404, "purchase-not-found")

    def test_a_guest_is_403_and_nobody_401(self, client: httpx.Client, staff: Staff) -> None:
        path = f"/purchases/{new_id()}/payments"
        assert staff("anonymous").get(path).status_code == 403
        assert client.get(path).status_code == 401


class TestListing:
    def test_every_attempt_is_listed_newest_first(
        self, shopper: Shopper, staff: Staff, make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(shopper.id)
        made = [pay(shopper, purchase_id, card).json() for card in ("card_declined", "card_ok")]
        for client in (shopper.client, staff("service")):
            listed = client.get(f"/purchases/{purchase_id}/payments").json()
            assert sorted(one["id"] for one in listed) == sorted(one["id"] for one in made)
            assert [one["id"] for one in listed] == sorted(
                (one["id"] for one in listed), reverse=True
            )

    def test_anothers_are_404(
        self, register: Callable[[], Shopper], make_purchase: MakePurchase
    ) -> None:
        purchase_id = make_purchase(register().id)
        answer = register().client.get(f"/purchases/{purchase_id}/payments")
        assert (answer.status_code, kind_of(answer)) == (404, "purchase-not-found")


@pytest.fixture
async def provider_client(in_process: InProcess) -> AsyncIterator[httpx.AsyncClient]:
    """Return the provider's client of a shop that knows its key."""
    async with in_process({"payment_signing_key": SecretStr(KEY)}) as client:
        yield client


@pytest.fixture
def make_pending(
    sessions: Sessions, user_id: str, make_purchase: MakePurchase
) -> Callable[[PurchaseStatus], Payment]:
    """Return a maker of payments whose outcome is not known, of a purchase in the state."""

    def make(status: PurchaseStatus) -> Payment:
        now = utc_now()
        payment = Payment(
            id=new_id(),
            purchase_id=make_purchase(user_id, status),
            status=PaymentStatus.PENDING,
            amount=1,
            currency="INR",
            method="card_ok",
            created_at=now,
            updated_at=now,
        )
        with sessions() as session:
            session.add(payment)
            session.commit()
        return payment

    return make


@pytest.fixture
def pending(make_pending: Callable[[PurchaseStatus], Payment]) -> Payment:
    """Return a payment of a purchase that may be paid."""
    return make_pending(PurchaseStatus.PLACED)


async def notify(
    client: httpx.AsyncClient,
    message: object,
    *,
    key: str = KEY,
    at: datetime | None = None,
    header: str | None = None,
) -> httpx.Response:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    signature = sign(body, key, at or utc_now()) if header is None else header
    headers = {"Payment-Signature": signature, "content-type": "application/json"}
    return await client.post("/payments/notifications", content=body, headers=headers)


def approval_of(payment: Payment, outcome: str = "approved") -> dict[str, Any]:
    return {"payment_id": payment.id, "outcome": outcome, "reference": "ch_1", "livemode": False}


class TestNotifications:
    async def test_an_approval_pays_and_comes_again_for_nothing(
        self, provider_client: httpx.AsyncClient, pending: Payment, session: Session
    ) -> None:
        for outcome in ("approved", "approved", "declined"):
            answer = await notify(provider_client, approval_of(pending, outcome))
            assert (answer.status_code, answer.content) == (204, b"")
        payment = session.get_one(Payment, pending.id)
        assert (payment.status, payment.provider_reference) == ("approved", "ch_1")

    async def test_a_decline_keeps_its_reason(
        self, provider_client: httpx.AsyncClient, pending: Payment, session: Session
    ) -> None:
        message = approval_of(pending, "declined") | {"reason": "expired_card"}
        await notify(provider_client, message)
        payment = session.get_one(Payment, pending.id)
        assert (payment.status, payment.reason) == ("declined", "expired_card")

    async def test_a_late_approval_of_what_was_cancelled_goes_back(
        self,
        provider_client: httpx.AsyncClient,
        make_pending: Callable[[PurchaseStatus], Payment],
        session: Session,
    ) -> None:
        payment_id = make_pending(PurchaseStatus.CANCELLED).id
        for _ in range(2):
            message = {"payment_id": payment_id, "outcome": "approved"}
            assert (await notify(provider_client, message)).status_code == 204
        payment = session.get_one(Payment, payment_id)
        assert (payment.status, payment.reason) == ("refunded", "purchase_cancelled")

    @pytest.mark.parametrize("minutes", [-6, 6, -60_000])
    async def test_one_from_another_time_is_401(
        self, provider_client: httpx.AsyncClient, pending: Payment, session: Session, minutes: int
    ) -> None:
        at = utc_now() + timedelta(minutes=minutes)
        answer = await notify(provider_client, approval_of(pending), at=at)
        assert (answer.status_code, kind_of(answer)) == (401, "invalid-signature")
        assert answer.headers["www-authenticate"] == "Payment-Signature"
        assert session.scalar(select(Payment.status)) == "pending"

    async def test_one_signed_with_another_key_is_401(
        self, provider_client: httpx.AsyncClient, pending: Payment, session: Session
    ) -> None:
        answer = await notify(provider_client, approval_of(pending), key="stolen")
        assert answer.status_code == 401
        assert session.scalar(select(Payment.status)) == "pending"

    async def test_one_whose_body_was_changed_is_401(
        self, provider_client: httpx.AsyncClient, pending: Payment
    ) -> None:
        signature = sign(json.dumps(approval_of(pending, "declined")).encode(), KEY, utc_now())
        answer = await notify(provider_client, approval_of(pending), header=signature)
        assert answer.status_code == 401

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "v1=00",
            "t=1",
            "t=x,v1=00",
            "t=1,t=2,v1=00",
            "t=99999999999999999999,v1=é",
            "garbage",
        ],
    )
    async def test_a_header_that_is_none_is_401(
        self, provider_client: httpx.AsyncClient, pending: Payment, header: str
    ) -> None:
        body = json.dumps(approval_of(pending)).encode()
        answer = await provider_client.post(
            "/payments/notifications",
            content=body,
            headers=[(b"Payment-Signature", header.encode("latin1"))],
        )
        assert answer.status_code == 401

    async def test_one_of_several_signatures_suffices(
        self, provider_client: httpx.AsyncClient, pending: Payment
    ) -> None:
        message = approval_of(pending)
        good = sign(json.dumps(message).encode(), KEY, utc_now())
        answer = await notify(provider_client, message, header=f"{good},v1=00,v0=1")
        assert answer.status_code == 204

    async def test_a_payment_that_is_none_is_404(
        self, provider_client: httpx.AsyncClient, sessions: Sessions
    ) -> None:
        message = {"payment_id": new_id(), "outcome": "approved"}
        answer = await notify(provider_client, message)
        assert (answer.status_code, kind_of(answer)) == (404, "payment-not-found")

    @pytest.mark.parametrize(
        ("body", "status"),
        [(b"{", 400), (b"[]", 422), (b'{"payment_id": "x", "outcome": "maybe"}', 422)],
    )
    async def test_one_that_says_nothing_is_refused(
        self, provider_client: httpx.AsyncClient, body: bytes, status: int
    ) -> None:
        assert (await notify(provider_client, body)).status_code == status

    async def test_without_a_key_nobody_is_believed(
        self, in_process: InProcess, pending: Payment
    ) -> None:
        async with in_process() as client:
            assert (await notify(client, approval_of(pending), key="")).status_code == 401


class TestSignature:
    def test_it_is_the_one_that_anybody_would_compute(self) -> None:
        at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert sign(b"{}", "key", at) == (
            "t=1767323045,v1=1d533de0941004dfdb6d222b1e197476ea94db2c6b6bca39a2ed148ff4b23910"
        )
