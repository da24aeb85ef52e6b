"""A guest logs in: what the guest's token proves becomes the user's."""

from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import PASSWORD, Shopper
from sqlalchemy import select
from sqlalchemy.orm import Session

from fashion_contracts.events import Interaction
from storefront.models import OutboxEvent

pytestmark = pytest.mark.servers

ASHA: dict[str, Any] = {
    "username": "asha.rao",
    "first_name": "Asha",
    "last_name": "Rao",
    "email": "asha@example.in",
    "password": PASSWORD,
}
FORM = {"username": "asha.rao", "password": PASSWORD}


@pytest.fixture
def guest(client: httpx.Client) -> dict[str, str]:
    """Return a guest's id and token."""
    return dict(client.post("/anonymous-shoppers").json())


def identified(session: Session) -> list[tuple[str | None, str | None]]:
    rows = session.scalars(select(OutboxEvent).order_by(OutboxEvent.position))
    events = [Interaction.from_record(row.payload.encode()) for row in rows]
    return [(event.anonymous_id, event.user_id) for event in events]


def test_a_login_tells_the_stream_who_the_guest_was(
    client: httpx.Client, guest: dict[str, str], session: Session
) -> None:
    user = client.post("/users", json=ASHA).json()
    form = FORM | {"anonymous_token": guest["access_token"]}
    assert client.post("/token", data=form).status_code == 200
    assert identified(session) == [(guest["anonymous_id"], user["id"])]


def test_a_registration_tells_the_stream_who_the_guest_was(
    client: httpx.Client, guest: dict[str, str], session: Session
) -> None:
    body = ASHA | {"anonymous_token": guest["access_token"]}
    user = client.post("/users", json=body).json()
    assert identified(session) == [(guest["anonymous_id"], user["id"])]


def test_a_login_that_fails_merges_nobody(
    client: httpx.Client, guest: dict[str, str], session: Session
) -> None:
    client.post("/users", json=ASHA)
    form = FORM | {"anonymous_token": guest["access_token"], "password": "wrong"}
    assert client.post("/token", data=form).status_code == 401
    assert identified(session) == []


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é"])
def test_a_bad_guests_token_keeps_nobody_out(
    client: httpx.Client, session: Session, token: str
) -> None:
    body = ASHA | {"anonymous_token": token}
    assert client.post("/users", json=body).status_code == 201
    assert client.post("/token", data=FORM | {"anonymous_token": token}).status_code == 200
    assert identified(session) == []


def test_another_users_token_is_no_guests(
    client: httpx.Client, shopper: Shopper, session: Session
) -> None:
    client.post("/users", json=ASHA)
    theirs = shopper.client.headers["authorization"].removeprefix("Bearer ")
    assert client.post("/token", data=FORM | {"anonymous_token": theirs}).status_code == 200
    assert identified(session) == []


class TestAfterTheLogin:
    def test_a_bearer_takes_a_guest_over(
        self, shopper: Shopper, guest: dict[str, str], session: Session
    ) -> None:
        body = {"anonymous_token": guest["access_token"]}
        assert shopper.client.post("/users/me/guests", json=body).status_code == 204
        assert identified(session) == [(guest["anonymous_id"], shopper.id)]

    def test_a_token_that_does_not_hold_is_422(self, shopper: Shopper, session: Session) -> None:
        answer = shopper.client.post("/users/me/guests", json={"anonymous_token": "x"})
        assert answer.status_code == 422
        assert identified(session) == []
