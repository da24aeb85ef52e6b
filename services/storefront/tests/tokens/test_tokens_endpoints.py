"""POST /token with a password, anonymous shoppers, and the published keys."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from services.storefront.tests.conftest import PASSWORD, InProcess, Shopper

from fashion_kit.clock import utc_now
from fashion_kit.tokens import Identity, issue_token, key_id
from storefront.events.judging import ANONYMOUS_ID
from storefront.settings import StorefrontSettings

pytestmark = pytest.mark.servers

ASHA: dict[str, Any] = {
    "username": "asha.rao",
    "first_name": "Asha",
    "last_name": "Rao",
    "email": "asha@example.in",
    "password": PASSWORD,
}
FORM = {"username": "asha.rao", "password": PASSWORD}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class TestPassword:
    def test_it_gives_a_token_that_opens_the_account(self, client: httpx.Client) -> None:
        client.post("/users", json=ASHA)
        answer = client.post("/token", data=FORM)
        token = answer.json()
        assert (token["token_type"], token["expires_in"]) == ("bearer", 3600)
        assert answer.headers["cache-control"] == "no-store"
        shown = client.get("/users/me", headers=bearer(token["access_token"]))
        assert shown.json()["username"] == "asha.rao"

    def test_the_usernames_case_does_not_matter(self, client: httpx.Client) -> None:
        client.post("/users", json=ASHA)
        assert client.post("/token", data=FORM | {"username": "Asha.RAO "}).status_code == 200

    def test_wrong_password_and_unknown_user_are_answered_alike(self, client: httpx.Client) -> None:
        client.post("/users", json=ASHA)
        wrong = client.post("/token", data=FORM | {"password": "wrong"})
        unknown = client.post("/token", data=FORM | {"username": "nobody"})
        assert wrong.status_code == unknown.status_code == 401
        assert wrong.json() == unknown.json()
        assert wrong.json()["error"] == "invalid_grant"

    def test_an_unknown_user_costs_as_many_hashes_as_a_wrong_password(
        self, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.post("/users", json=ASHA)
        checked: list[str] = []
        verify = PasswordHasher.verify

        def count(hasher: PasswordHasher, kept: str, password: str) -> bool:
            checked.append(kept)
            return verify(hasher, kept, password)

        monkeypatch.setattr(PasswordHasher, "verify", count)
        for change in ({"password": "wrong"}, {"username": "nobody"}):
            client.post("/token", data=FORM | change)
        assert len(checked) == 2
        assert len({kept.rsplit("$", 2)[0] for kept in checked}) == 1

    @pytest.mark.parametrize(
        ("form", "error"),
        [
            ({}, "invalid_request"),
            ({"username": "asha"}, "invalid_request"),
            ({"grant_type": "refresh_token"}, "invalid_request"),
            ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
            ({"grant_type": ""}, "invalid_request"),
            ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ],
        ids=str,
    )
    def test_a_request_that_cannot_be_met_is_400_with_its_error(
        self, client: httpx.Client, form: dict[str, str], error: str
    ) -> None:
        answer = client.post("/token", data=form)
        assert (answer.status_code, answer.json()["error"]) == (400, error)

    @pytest.mark.parametrize(
        "form", [b"", b"username=asha", b"username=%ff%fe&password=%ff", b"grant_type=x"]
    )
    def test_a_bad_form_is_refused(self, client: httpx.Client, form: bytes) -> None:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = client.post("/token", content=form, headers=headers)
        assert answer.status_code in (400, 401)


class TestAnonymousShopper:
    def test_the_token_proves_an_id_that_no_user_has(self, client: httpx.Client) -> None:
        answer = client.post("/anonymous-shoppers")
        guest = answer.json()
        assert answer.status_code == 201
        assert answer.headers["cache-control"] == "no-store"
        assert ANONYMOUS_ID.fullmatch(guest["anonymous_id"])
        claims = jwt.decode(guest["access_token"], options={"verify_signature": False})
        assert (claims["sub"], claims["role"]) == (guest["anonymous_id"], "anonymous")

    def test_two_guests_are_two(self, client: httpx.Client) -> None:
        ids = {client.post("/anonymous-shoppers").json()["anonymous_id"] for _ in range(2)}
        assert len(ids) == 2

    def test_a_guest_has_no_account(self, client: httpx.Client) -> None:
        token = client.post("/anonymous-shoppers").json()["access_token"]
        assert client.get("/users/me", headers=bearer(token)).status_code == 403


class TestKeys:
    def test_what_is_published_checks_a_token(self, client: httpx.Client) -> None:
        token = client.post("/anonymous-shoppers").json()["access_token"]
        answer = client.get("/.well-known/jwks.json")
        assert answer.headers["cache-control"] == "public, max-age=300"
        keys = jwt.PyJWKSet.from_dict(answer.json())
        key = keys[jwt.get_unverified_header(token)["kid"]]
        assert jwt.decode(token, key, ["EdDSA"])["role"] == "anonymous"

    def test_nothing_of_the_private_key_is_published(self, client: httpx.Client) -> None:
        (key,) = client.get("/.well-known/jwks.json").json()["keys"]
        assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}

    async def test_a_former_keys_tokens_hold_while_it_is_named(
        self, in_process: InProcess, shopper: Shopper, tmp_path: Any
    ) -> None:
        former = Ed25519PrivateKey.generate()
        file = tmp_path / "former.pem"
        public = former.public_key()
        file.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        lifetime = timedelta(hours=1)
        token = issue_token(Identity(shopper.id), former, now=utc_now(), lifetime=lifetime)
        async with in_process() as client:
            assert (await client.get("/users/me", headers=bearer(token))).status_code == 401
        async with in_process({"token_former_public_key_files": (file,)}) as client:
            assert (await client.get("/users/me", headers=bearer(token))).status_code == 200
            published = (await client.get("/.well-known/jwks.json")).json()["keys"]
        assert [key["kid"] for key in published][1:] == [key_id(public)]


class TestServiceToken:
    def test_it_opens_no_account(self, client: httpx.Client, issue: Callable[..., str]) -> None:
        token = issue(Identity("warehouse", "service"))
        assert client.get("/users/me", headers=bearer(token)).status_code == 401


@pytest.fixture
def issue(storefront_settings: StorefrontSettings) -> Callable[[Identity], str]:
    """Return a signer of tokens with the service's own key."""
    key = storefront_settings.token_private_key_file.read_text()

    def sign(identity: Identity) -> str:
        return issue_token(identity, key, now=utc_now(), lifetime=timedelta(hours=1))

    return sign
