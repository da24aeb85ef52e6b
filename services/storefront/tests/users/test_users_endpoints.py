"""Users: who registers, and who sees what."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import PASSWORD, Shopper
from sqlalchemy import select
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from fashion_kit.tokens import Identity, issue_token
from storefront.models import User
from storefront.settings import StorefrontSettings

pytestmark = pytest.mark.servers

ASHA: dict[str, Any] = {
    "username": "asha.rao",
    "first_name": "Asha",
    "last_name": "Rao",
    "email": "asha@example.in",
    "password": PASSWORD,
}


class TestRegister:
    def test_a_new_user_sees_their_own_account(self, client: httpx.Client) -> None:
        optional = {"phone": "+91 1", "address": "Pune", "sex": "F", "birthdate": "1990-02-28"}
        answer = client.post("/users", json=ASHA | optional)
        assert answer.status_code == 201
        shown = answer.json()
        expected = {name: value for name, value in ASHA.items() if name != "password"} | optional
        assert {name: shown[name] for name in expected} == expected

    def test_the_password_is_kept_only_as_its_hash(
        self, client: httpx.Client, session: Session
    ) -> None:
        answer = client.post("/users", json=ASHA)
        user = session.scalars(select(User)).one()
        kept = str(user.password_hash)
        assert kept.startswith("$argon2id$")
        assert PASSWORD not in answer.text + kept

    def test_username_and_email_are_kept_in_lower_case(self, client: httpx.Client) -> None:
        shouted = {"username": "ASHA.Rao", "email": " Asha@Example.IN "}
        shown = client.post("/users", json=ASHA | shouted).json()
        assert (shown["username"], shown["email"]) == ("asha.rao", "asha@example.in")

    @pytest.mark.parametrize(
        "change",
        [{"email": "other@example.in"}, {"username": "other"}, {"username": "ASHA.RAO"}],
        ids=str,
    )
    def test_a_taken_name_or_address_is_409_and_not_said_which(
        self, client: httpx.Client, change: dict[str, str]
    ) -> None:
        client.post("/users", json=ASHA)
        answer = client.post("/users", json=ASHA | change)
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:fashion-store:problem:user-exists"
        assert "asha" not in answer.text

    @pytest.mark.parametrize(
        "change",
        [
            {"username": "a"},
            {"username": "a b c"},
            {"username": "x" * 41},
            {"first_name": " "},
            {"last_name": "x" * 81},
            {"email": "nobody"},
            {"email": "x" * 250 + "@y.in"},
            {"password": "short"},
            {"password": "x" * 129},
            {"sex": "X"},
            {"birthdate": "2999-01-01"},
            {"birthdate": "1066-10-14"},
            {"role": "admin"},
        ],
        ids=str,
    )
    def test_bad_input_is_422_and_never_repeated(
        self, client: httpx.Client, change: dict[str, str]
    ) -> None:
        answer = client.post("/users", json=ASHA | change)
        assert answer.status_code == 422
        assert PASSWORD not in answer.text

    def test_broken_json_is_400(self, client: httpx.Client) -> None:
        headers = {"content-type": "application/json"}
        answer = client.post("/users", content=b'{"username": ', headers=headers)
        assert answer.status_code == 400

    def test_names_from_anywhere_are_kept(self, client: httpx.Client) -> None:
        names = {"first_name": "आशा 🛍", "last_name": "Nguyễn"}
        shown = client.post("/users", json=ASHA | names).json()
        assert {name: shown[name] for name in names} == names


class TestBearer:
    @pytest.mark.parametrize(
        "authorization", [None, "", "Bearer", "Bearer x", "Basic eDp5", "Bearer é".encode("latin1")]
    )
    def test_without_a_good_token_it_is_401(
        self, client: httpx.Client, authorization: str | bytes | None
    ) -> None:
        headers: Any = {} if authorization is None else {"Authorization": authorization}
        answer = client.get("/users/me", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"

    def test_a_user_sees_nobody_else(self, register: Callable[[], Shopper]) -> None:
        one, other = register(), register()
        assert one.client.get("/users/me").json()["id"] == one.id
        assert other.client.get("/users/me").json()["id"] == other.id

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "/users/me", None),
            ("PUT", "/cart/lines/1", {"quantity": 1}),
            ("POST", "/purchases", {"lines": [{"product_id": 1, "quantity": 1}]}),
        ],
    )
    def test_the_token_of_a_user_who_is_gone_is_no_crash(
        self,
        client: httpx.Client,
        make_product: Callable[..., int],
        storefront_settings: StorefrontSettings,
        method: str,
        path: str,
        body: Any,
    ) -> None:
        make_product(id=1)
        key = storefront_settings.token_private_key_file.read_text()
        lifetime = storefront_settings.token_lifetime
        gone = Identity("01ARZ3NDEKTSV4RRFFQ69G5FAV")
        token = issue_token(gone, key, now=utc_now(), lifetime=lifetime)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
        answer = client.request(method, path, json=body, headers=headers)
        assert answer.status_code in (401, 404)
