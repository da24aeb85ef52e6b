"""Refresh tokens: each is good once, and a stolen one takes its whole login with it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import PASSWORD, InProcess
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.models import RefreshToken

pytestmark = pytest.mark.servers

ASHA: dict[str, Any] = {
    "username": "asha.rao",
    "first_name": "Asha",
    "last_name": "Rao",
    "email": "asha@example.in",
    "password": PASSWORD,
}
NEW_PASSWORD = "another horse battery"

LogIn = Callable[[], dict[str, Any]]


@pytest.fixture
def log_in(client: httpx.Client) -> LogIn:
    """Return a way to log in, over and over, as one user."""
    client.post("/users", json=ASHA)
    form = {"username": "asha.rao", "password": PASSWORD}
    return lambda: dict(client.post("/token", data=form).json())


def refresh(client: httpx.Client, token: str) -> httpx.Response:
    return client.post("/token", data={"grant_type": "refresh_token", "refresh_token": token})


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


class TestExchange:
    def test_it_gives_the_next_pair(self, client: httpx.Client, log_in: LogIn) -> None:
        first = log_in()
        second = refresh(client, first["refresh_token"]).json()
        assert client.get("/users/me", headers=bearer(second)).status_code == 200
        assert second["refresh_token"] != first["refresh_token"]
        assert refresh(client, second["refresh_token"]).status_code == 200

    def test_only_its_hash_is_kept(self, log_in: LogIn, session: Session) -> None:
        token = log_in()["refresh_token"]
        kept = session.scalars(select(RefreshToken)).one()
        assert kept.token_hash == sha256(token.encode()).hexdigest()

    def test_one_that_comes_again_ends_its_login_and_no_other(
        self, client: httpx.Client, log_in: LogIn
    ) -> None:
        stolen, other = log_in(), log_in()
        rightful = refresh(client, stolen["refresh_token"]).json()
        again = refresh(client, stolen["refresh_token"])
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
        assert refresh(client, rightful["refresh_token"]).status_code == 400
        assert refresh(client, other["refresh_token"]).status_code == 200

    def test_of_many_at_once_exactly_one_wins(self, client: httpx.Client, log_in: LogIn) -> None:
        for _ in range(5):
            token = log_in()["refresh_token"]
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda _: refresh(client, token), range(8)))  # noqa: B023
            assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7

    async def test_an_old_one_does_not_hold(self, in_process: InProcess, log_in: LogIn) -> None:
        async with in_process({"refresh_token_lifetime": timedelta(0)}) as client:
            form = {"username": "asha.rao", "password": PASSWORD}
            token = (await client.post("/token", data=form)).json()["refresh_token"]
            form = {"grant_type": "refresh_token", "refresh_token": token}
            assert (await client.post("/token", data=form)).status_code == 400


class TestRevocation:
    def test_a_logout_ends_the_login(self, client: httpx.Client, log_in: LogIn) -> None:
        first, other = log_in(), log_in()
        second = refresh(client, first["refresh_token"]).json()
        answer = client.post("/token/revoke", data={"token": second["refresh_token"]})
        assert (answer.status_code, answer.content) == (200, b"")
        assert refresh(client, second["refresh_token"]).status_code == 400
        assert refresh(client, other["refresh_token"]).status_code == 200

    def test_a_logout_of_nothing_is_422(self, client: httpx.Client) -> None:
        assert client.post("/token/revoke").status_code == 422

    @pytest.mark.parametrize("form", [{"token": "x"}, {"token": "x", "token_type_hint": "y"}])
    def test_an_unknown_token_is_200_as_well(
        self, client: httpx.Client, form: dict[str, str]
    ) -> None:
        assert client.post("/token/revoke", data=form).status_code == 200


class TestEndOfEveryLogin:
    def test_a_new_password_ends_them(self, client: httpx.Client, log_in: LogIn) -> None:
        one, two = log_in(), log_in()
        change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        answer = client.put("/users/me/password", json=change, headers=bearer(one))
        assert answer.status_code == 204
        assert [refresh(client, it["refresh_token"]).status_code for it in (one, two)] == [400] * 2

    def test_no_login_survives_a_new_password_beside_it(
        self, client: httpx.Client, log_in: LogIn
    ) -> None:
        first = log_in()
        change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        with ThreadPoolExecutor(6) as pool:
            logins = [pool.submit(log_in) for _ in range(3)]
            changed = pool.submit(
                client.put, "/users/me/password", json=change, headers=bearer(first)
            )
            logins += [pool.submit(log_in) for _ in range(2)]
        assert changed.result().status_code == 204
        tokens = [login.result().get("refresh_token", "none") for login in logins]
        assert {refresh(client, token).status_code for token in tokens} == {400}
