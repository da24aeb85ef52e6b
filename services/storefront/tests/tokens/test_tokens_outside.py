"""Users of an outside issuer: believed by its published keys alone, and at home here at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from services.storefront.tests.conftest import PASSWORD, InProcess, MakeProduct
from services.storefront.tests.tokens.conftest import AUDIENCE, Issuer, new_key
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from fashion_kit.tokens import (
    Identity,
    InvalidTokenError,
    IssuerUnavailableError,
    OutsideClaims,
    OutsideIssuer,
    issue_token,
    user_id_of,
)
from storefront.models import User
from storefront.settings import StorefrontSettings, TokenSettings

pytestmark = pytest.mark.servers


@pytest.fixture
def outside(issuer: Issuer) -> OutsideIssuer:
    """Return what checks the issuer's tokens."""
    claims = OutsideClaims(issuer.url, AUDIENCE, "cognito:groups", ("admin", "service"))
    return OutsideIssuer(claims, f"{issuer.url}/.well-known/jwks.json", clock=utc_now)


class TestChecking:
    @pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
    async def test_the_issuers_user_is_believed(
        self, issuer: Issuer, outside: OutsideIssuer, algorithm: str
    ) -> None:
        issuer.add_key("two", algorithm)
        verified = await outside.verify(issuer.sign("two"))
        user_id = user_id_of(issuer.url, "subject-1")
        assert verified.identity == Identity(user_id, "customer", issuer.url)

    @pytest.mark.parametrize(
        "changed",
        [
            {"iss": "https://other.example"},
            {"iss": None},
            {"sub": None},
            {"sub": ""},
            {"exp": None},
            {"exp": 1},
            {"nbf": 2**40},
            {"client_id": "other-website"},
            {"client_id": None},
            {"client_id": AUDIENCE, "aud": "other-website"},
            {"token_use": "id"},
        ],
        ids=str,
    )
    async def test_a_wrong_claim_does_not_hold(
        self, issuer: Issuer, outside: OutsideIssuer, changed: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidTokenError):
            await outside.verify(issuer.sign(**changed))

    @pytest.mark.parametrize(
        "changed",
        [
            {"client_id": None, "aud": AUDIENCE},
            {"client_id": None, "aud": ["other", AUDIENCE]},
            {"token_use": None},
        ],
        ids=str,
    )
    async def test_another_issuers_manners_are_understood(
        self, issuer: Issuer, outside: OutsideIssuer, changed: dict[str, Any]
    ) -> None:
        assert await outside.verify(issuer.sign(**changed))

    @pytest.mark.parametrize(
        ("groups", "role"),
        [
            (None, "customer"),
            ([], "customer"),
            (["editors"], "customer"),
            (["service", "admin"], "admin"),
            ("service", "service"),
            (["anonymous"], "customer"),
            ([["admin"], 1, {}], "customer"),
        ],
        ids=str,
    )
    async def test_a_role_is_a_groups_name(
        self, issuer: Issuer, outside: OutsideIssuer, groups: Any, role: str
    ) -> None:
        verified = await outside.verify(issuer.sign(**{"cognito:groups": groups}))
        assert verified.identity.role == role

    async def test_a_strangers_key_of_the_same_name_does_not_hold(
        self, issuer: Issuer, outside: OutsideIssuer
    ) -> None:
        await outside.verify(issuer.sign())
        issuer.keys["one"] = ("RS256", new_key("RS256"))
        with pytest.raises(InvalidTokenError):
            await outside.verify(issuer.sign())

    @pytest.mark.parametrize("algorithm", ["HS256", "none", "PS256"])
    async def test_another_algorithm_does_not_hold(
        self, issuer: Issuer, outside: OutsideIssuer, algorithm: str
    ) -> None:
        claims = jwt.decode(issuer.sign(), options={"verify_signature": False})
        keys: dict[str, Any] = {"HS256": "x" * 32, "none": None, "PS256": issuer.keys["one"][1]}
        token = jwt.encode(claims, keys[algorithm], algorithm, headers={"kid": "one"})
        with pytest.raises(InvalidTokenError):
            await outside.verify(token)


class TestKeys:
    async def test_they_are_fetched_once(self, issuer: Issuer, outside: OutsideIssuer) -> None:
        for subject in ("a", "b", "c"):
            await outside.verify(issuer.sign(sub=subject))
        assert issuer.fetches == 1

    async def test_made_up_key_ids_lead_to_no_more_fetches(
        self, issuer: Issuer, outside: OutsideIssuer
    ) -> None:
        await outside.verify(issuer.sign())
        key = issuer.keys["one"]
        for number in range(5):
            issuer.keys[f"made-up-{number}"] = key
            token = issuer.sign(f"made-up-{number}")
            with pytest.raises(InvalidTokenError):
                await outside.verify(token)
        assert issuer.fetches == 1

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys": []}', b"<html>", b"\xff"])
    async def test_without_keys_nothing_can_be_said(
        self, issuer: Issuer, outside: OutsideIssuer, body: bytes
    ) -> None:
        issuer.body = body
        token = issuer.sign()
        for _ in range(3):
            with pytest.raises(IssuerUnavailableError):
                await outside.verify(token)
        assert issuer.fetches == 1

    async def test_while_the_issuer_is_away_nobody_waits_for_it_twice(self) -> None:
        claims = OutsideClaims("http://127.0.0.1:1", AUDIENCE, "groups", ())
        away = OutsideIssuer(claims, "http://127.0.0.1:1/jwks.json", clock=utc_now)
        token = jwt.encode({"sub": "x"}, new_key("EdDSA"), "EdDSA", headers={"kid": "one"})
        for _ in range(2):
            with pytest.raises(IssuerUnavailableError):
                await away.verify(token)

    async def test_keys_that_are_known_outlast_a_failure(
        self, issuer: Issuer, outside: OutsideIssuer
    ) -> None:
        await outside.verify(issuer.sign())
        issuer.status = 500
        assert await outside.verify(issuer.sign(sub="another"))


class TestShop:
    @pytest.fixture
    async def client(
        self, issuer: Issuer, in_process: InProcess
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Return a client of a shop whose users come from the issuer."""
        settings = {"token_issuer_url": issuer.url, "token_audience": AUDIENCE}
        async with in_process(settings) as client:
            yield client

    @pytest.fixture
    def bearer(self, issuer: Issuer) -> Callable[..., dict[str, str]]:
        """Return a maker of the header that carries one of the issuer's tokens."""
        return lambda **claims: {"Authorization": f"Bearer {issuer.sign(**claims)}"}

    async def test_the_first_request_makes_the_account(
        self, client: httpx.AsyncClient, bearer: Callable[..., dict[str, str]], issuer: Issuer
    ) -> None:
        for _ in range(2):
            shown = (await client.get("/users/me", headers=bearer())).json()
            assert shown["id"] == user_id_of(issuer.url, "subject-1")
            assert (shown["username"], shown["email"]) == (None, None)

    async def test_many_first_requests_at_once_make_one_account(
        self,
        client: httpx.AsyncClient,
        bearer: Callable[..., dict[str, str]],
        session: Session,
    ) -> None:
        asked = [client.get("/users/me", headers=bearer()) for _ in range(12)]
        answers = await asyncio.gather(*asked)
        assert {answer.status_code for answer in answers} == {200}
        assert session.scalar(select(func.count()).select_from(User)) == 1

    async def test_the_user_buys_like_any_other(
        self,
        client: httpx.AsyncClient,
        bearer: Callable[..., dict[str, str]],
        make_product: MakeProduct,
    ) -> None:
        me = bearer()
        product_id = make_product()
        await client.get("/users/me", headers=me)
        assert (await client.patch("/users/me", json={"first_name": "A"}, headers=me)).is_success
        body = {"lines": [{"product_id": product_id, "quantity": 1}]}
        headers = me | {"Idempotency-Key": "k"}
        assert (await client.post("/purchases", json=body, headers=headers)).status_code == 201
        other = bearer(sub="subject-2")
        assert (await client.get("/purchases", headers=other)).json()["items"] == []

    async def test_an_account_is_erased_by_the_token_alone_and_stays_so(
        self, client: httpx.AsyncClient, bearer: Callable[..., dict[str, str]]
    ) -> None:
        me = bearer()
        await client.get("/users/me", headers=me)
        assert (await client.delete("/users/me", headers=me)).status_code == 204
        assert (await client.get("/users/me", headers=me)).status_code == 401

    async def test_passwords_are_the_issuers_business(
        self, client: httpx.AsyncClient, bearer: Callable[..., dict[str, str]], issuer: Issuer
    ) -> None:
        person = {"username": "asha", "first_name": "A", "last_name": "R", "email": "a@b.in"}
        answers = [
            await client.post("/users", json=person | {"password": PASSWORD}),
            await client.post("/token", data={"username": "asha", "password": PASSWORD}),
            await client.put(
                "/users/me/password",
                json={"current_password": PASSWORD, "new_password": PASSWORD},
                headers=bearer(),
            ),
        ]
        assert [answer.status_code for answer in answers] == [404] * 3
        assert {answer.json()["issuer"] for answer in answers} == {issuer.url}

    async def test_guests_and_services_stay_ours_and_users_do_not(
        self,
        client: httpx.AsyncClient,
        bearer: Callable[..., dict[str, str]],
        storefront_settings: StorefrontSettings,
    ) -> None:
        guest = (await client.post("/anonymous-shoppers")).json()
        merge = {"anonymous_token": guest["access_token"]}
        answer = await client.post("/users/me/guests", json=merge, headers=bearer())
        assert answer.status_code == 204
        key = storefront_settings.token_private_key_file.read_text()
        for role, status in (("customer", 401), ("admin", 401), ("anonymous", 403)):
            identity = Identity("someone", role)
            token = issue_token(identity, key, now=utc_now(), lifetime=timedelta(hours=1))
            headers = {"Authorization": f"Bearer {token}"}
            assert (await client.get("/users/me", headers=headers)).status_code == status

    async def test_an_issuer_that_is_away_is_503_with_when_to_come_back(
        self, client: httpx.AsyncClient, bearer: Callable[..., dict[str, str]], issuer: Issuer
    ) -> None:
        issuer.status = 500
        answer = await client.get("/users/me", headers=bearer())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_an_issuer_without_an_audience_is_refused(
    storefront_settings: StorefrontSettings,
) -> None:
    file = storefront_settings.token_private_key_file
    with pytest.raises(ValueError, match="token_audience"):
        TokenSettings(token_private_key_file=file, token_issuer_url="https://issuer.example")
