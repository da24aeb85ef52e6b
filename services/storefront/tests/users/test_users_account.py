"""The bearer's own account: shown, changed, and erased."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import PASSWORD, MakeProduct, Shopper
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fashion_contracts.events import EventType, Interaction
from storefront.models import Cart, CartLine, OutboxEvent, Purchase, RefreshToken, User
from storefront.users.service import PERSONAL

pytestmark = pytest.mark.servers

NEW_PASSWORD = "another horse battery"
KEPT = {"id", "role", "created_at", "updated_at", "erased_at"}


class TestShow:
    def test_it_has_an_entity_tag_that_changes_with_it(self, shopper: Shopper) -> None:
        first = shopper.client.get("/users/me").headers["etag"]
        changed = shopper.client.patch("/users/me", json={"phone": "1"}).headers["etag"]
        assert first != changed == shopper.client.get("/users/me").headers["etag"]

    def test_no_cache_may_keep_it(self, shopper: Shopper) -> None:
        assert shopper.client.get("/users/me").headers["cache-control"] == "no-store"


class TestChange:
    def test_what_is_given_changes_and_the_rest_stays(self, shopper: Shopper) -> None:
        before = shopper.client.get("/users/me").json()
        change = {"first_name": "Usha", "email": "Usha@example.in", "birthdate": "1990-02-28"}
        after = shopper.client.patch("/users/me", json=change).json()
        expected = before | change | {"email": "usha@example.in"}
        assert after == expected | {"updated_at": after["updated_at"]}
        assert shopper.client.get("/users/me").json() == after

    def test_null_takes_an_optional_detail_away(self, shopper: Shopper) -> None:
        shopper.client.patch("/users/me", json={"address": "4 MG Road\nPune"})
        assert shopper.client.patch("/users/me", json={"address": None}).json()["address"] is None

    @pytest.mark.parametrize(
        "change",
        [
            {"first_name": None},
            {"email": None},
            {"email": "nobody"},
            {"username": "other"},
            {"role": "admin"},
            {"last_name": "a\x00b"},
        ],
        ids=str,
    )
    def test_a_bad_change_is_422(self, shopper: Shopper, change: dict[str, Any]) -> None:
        assert shopper.client.patch("/users/me", json=change).status_code == 422

    def test_anothers_address_is_409(self, register: Callable[[], Shopper]) -> None:
        one, other = register(), register()
        email = other.client.get("/users/me").json()["email"]
        assert one.client.patch("/users/me", json={"email": email}).status_code == 409

    def test_who_has_read_an_older_version_changes_nothing(self, shopper: Shopper) -> None:
        etag = shopper.client.get("/users/me").headers["etag"]
        headers = {"If-Match": etag}
        first = shopper.client.patch("/users/me", json={"phone": "1"}, headers=headers)
        second = shopper.client.patch("/users/me", json={"phone": "2"}, headers=headers)
        assert (first.status_code, second.status_code) == (200, 412)
        assert second.json()["etag"] == first.headers["etag"]
        assert shopper.client.get("/users/me").json()["phone"] == "1"


class TestPassword:
    def change(self, shopper: Shopper, current: str, new: str) -> int:
        body = {"current_password": current, "new_password": new}
        return shopper.client.put("/users/me/password", json=body).status_code

    def log_in(self, client: httpx.Client, shopper: Shopper, password: str) -> int:
        name = shopper.client.get("/users/me").json()["username"]
        return client.post("/token", data={"username": name, "password": password}).status_code

    def test_the_new_one_opens_and_the_old_one_does_not(
        self, client: httpx.Client, shopper: Shopper
    ) -> None:
        assert self.change(shopper, PASSWORD, NEW_PASSWORD) == 204
        assert self.log_in(client, shopper, NEW_PASSWORD) == 200
        assert self.log_in(client, shopper, PASSWORD) == 401

    def test_without_the_present_one_it_is_403(
        self, client: httpx.Client, shopper: Shopper
    ) -> None:
        assert self.change(shopper, "wrong", NEW_PASSWORD) == 403
        assert self.log_in(client, shopper, PASSWORD) == 200

    def test_a_weak_one_is_422(self, shopper: Shopper) -> None:
        assert self.change(shopper, PASSWORD, "short") == 422


class TestErasure:
    def erase(self, shopper: Shopper, **body: str) -> int:
        return shopper.client.request("DELETE", "/users/me", json=body).status_code

    def test_nothing_is_left_that_tells_who_it_was(
        self, shopper: Shopper, session: Session, make_product: MakeProduct
    ) -> None:
        details = {"phone": "1", "address": "Pune", "sex": "F", "birthdate": "1990-02-28"}
        shopper.client.patch("/users/me", json=details)
        shopper.client.put(f"/cart/lines/{make_product()}", json={"quantity": 1})
        assert self.erase(shopper, password=PASSWORD) == 204
        user = session.scalars(select(User)).one()
        columns = {column.key for column in User.__table__.columns}
        assert set(PERSONAL) == columns - KEPT
        assert {getattr(user, name) for name in PERSONAL} == {None}
        assert user.erased_at is not None
        for table in (Cart, CartLine, RefreshToken):
            assert session.scalar(select(func.count()).select_from(table)) == 0

    def test_the_books_are_kept(
        self, shopper: Shopper, session: Session, make_product: MakeProduct
    ) -> None:
        purchase = shopper.buy(make_product()).json()
        self.erase(shopper, password=PASSWORD)
        assert session.scalars(select(Purchase.id)).all() == [purchase["id"]]

    def test_neither_token_nor_login_opens_it_any_more(
        self, client: httpx.Client, shopper: Shopper
    ) -> None:
        name = shopper.client.get("/users/me").json()["username"]
        self.erase(shopper, password=PASSWORD)
        assert shopper.client.get("/users/me").status_code == 401
        assert self.erase(shopper, password=PASSWORD) == 401
        form = {"username": name, "password": PASSWORD}
        assert client.post("/token", data=form).status_code == 401

    def test_name_and_address_are_free_again(self, client: httpx.Client, shopper: Shopper) -> None:
        user = shopper.client.get("/users/me").json()
        self.erase(shopper, password=PASSWORD)
        again = {name: user[name] for name in ("username", "email", "first_name", "last_name")}
        answer = client.post("/users", json=again | {"password": PASSWORD})
        assert answer.status_code == 201
        assert answer.json()["id"] != shopper.id

    def test_the_stream_is_told_after_all_that_the_account_did(
        self, shopper: Shopper, session: Session, make_product: MakeProduct
    ) -> None:
        shopper.buy(make_product())
        self.erase(shopper, password=PASSWORD)
        payloads = select(OutboxEvent.payload).order_by(OutboxEvent.position)
        told = [Interaction.from_record(payload) for payload in session.scalars(payloads)]
        assert [event.type for event in told] == [EventType.PURCHASE, EventType.ERASE]
        assert {event.shopper_id for event in told} == {shopper.id}

    @pytest.mark.parametrize("body", [{}, {"password": "wrong"}, {"password": ""}], ids=str)
    def test_without_the_password_nothing_happens(
        self, shopper: Shopper, session: Session, body: dict[str, str]
    ) -> None:
        assert self.erase(shopper, **body) == 403
        assert shopper.client.delete("/users/me").status_code == 403
        assert shopper.client.get("/users/me").status_code == 200
        assert session.scalar(select(func.count()).select_from(OutboxEvent)) == 0
