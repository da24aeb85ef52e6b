"""Bearer tokens: what was signed holds for its time, and nothing else does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fashion_kit.clock import utc_now
from fashion_kit.errors import UnauthorizedError
from fashion_kit.tokens import (
    Identity,
    InvalidTokenError,
    OwnIssuer,
    TokenVerifier,
    Verified,
    issue_token,
    key_id,
    public_jwk,
    verify_token,
)

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()
ANN = Identity("01ARZ3NDEKTSV4RRFFQ69G5FAV", "customer")
HOUR = timedelta(hours=1)


def test_a_token_says_who_the_bearer_is() -> None:
    token = issue_token(ANN, KEY, now=utc_now(), lifetime=HOUR)
    assert verify_token(token, PUBLIC) == ANN


def test_a_key_may_be_pem_text() -> None:
    pem = PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert verify_token(issue_token(ANN, KEY, now=utc_now(), lifetime=HOUR), pem) == ANN


def test_a_token_ends_with_its_lifetime() -> None:
    token = issue_token(ANN, KEY, now=utc_now() - 2 * HOUR, lifetime=HOUR)
    with pytest.raises(UnauthorizedError):
        verify_token(token, PUBLIC)


def test_another_key_is_another_shop() -> None:
    token = issue_token(ANN, Ed25519PrivateKey.generate(), now=utc_now(), lifetime=HOUR)
    with pytest.raises(UnauthorizedError):
        verify_token(token, PUBLIC)


def test_a_changed_token_does_not_hold() -> None:
    head, claims, signature = issue_token(ANN, KEY, now=utc_now(), lifetime=HOUR).split(".")
    with pytest.raises(UnauthorizedError):
        verify_token(f"{head}.{claims[:-2]}AA.{signature}", PUBLIC)


@pytest.mark.parametrize(
    ("algorithm", "key"), [("none", ""), ("HS256", "a secret that is long enough for it")]
)
def test_another_algorithm_does_not_hold(algorithm: str, key: str) -> None:
    claims = {"sub": ANN.user_id, "role": "customer", "iss": "fashion-store", "exp": 2**33}
    with pytest.raises(UnauthorizedError):
        verify_token(jwt.encode(claims, key, algorithm), PUBLIC)


@pytest.mark.parametrize("missing", ["exp", "sub", "role", "iss"])
def test_a_token_without_a_claim_does_not_hold(missing: str) -> None:
    exp = datetime(2100, 1, 1, tzinfo=UTC)
    claims = {"sub": ANN.user_id, "role": "customer", "iss": "fashion-store", "exp": exp}
    del claims[missing]
    with pytest.raises(UnauthorizedError):
        verify_token(jwt.encode(claims, KEY, "EdDSA"), PUBLIC)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é", "a" * 10_000])
def test_any_other_text_does_not_hold(text: str) -> None:
    with pytest.raises(UnauthorizedError):
        verify_token(text, PUBLIC)


class TestKeyId:
    def test_it_is_the_thumbprint_of_rfc_8037(self) -> None:
        raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        key = Ed25519PublicKey.from_public_bytes(raw)
        assert key_id(key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        public = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"  # pragma: allowlist secret
        assert public_jwk(key).x == public

    def test_every_token_names_its_key(self) -> None:
        token = issue_token(ANN, KEY, now=utc_now(), lifetime=HOUR)
        assert jwt.get_unverified_header(token)["kid"] == key_id(PUBLIC)


class TestOwnIssuer:
    def test_a_former_keys_token_holds(self) -> None:
        new = Ed25519PrivateKey.generate()
        token = issue_token(ANN, KEY, now=utc_now(), lifetime=HOUR)
        both = OwnIssuer([new.public_key(), PUBLIC], clock=utc_now)
        assert both.verify(token).identity == ANN
        with pytest.raises(InvalidTokenError):
            OwnIssuer([new.public_key()], clock=utc_now).verify(token)

    def test_a_token_from_before_keys_had_names_holds(self) -> None:
        claims = {"sub": "a", "role": "customer", "iss": "fashion-store", "exp": 2**33}
        token = jwt.encode(claims, KEY, "EdDSA")
        assert OwnIssuer([PUBLIC], clock=utc_now).verify(token).identity == Identity("a")

    def test_a_role_that_is_not_ours_to_give_does_not_hold(self) -> None:
        token = issue_token(ANN, KEY, now=utc_now(), lifetime=HOUR)
        with pytest.raises(InvalidTokenError):
            OwnIssuer([PUBLIC], clock=utc_now, roles={"service"}).verify(token)


class CountingIssuer(OwnIssuer):
    """Counts how often a signature was checked."""

    checks = 0

    def verify(self, token: str) -> Verified:
        self.checks += 1
        return super().verify(token)


class TestVerifier:
    def verifier(
        self, clock: Callable[[], datetime], entries: int = 10
    ) -> tuple[TokenVerifier, CountingIssuer]:
        own = CountingIssuer([PUBLIC], clock=clock)
        return TokenVerifier(own, clock=clock, entries=entries), own

    async def test_a_signature_is_checked_once(self) -> None:
        verifier, own = self.verifier(utc_now)
        token = issue_token(ANN, KEY, now=utc_now(), lifetime=HOUR)
        assert [await verifier.identify(token) for _ in range(3)] == [ANN] * 3
        assert own.checks == 1

    async def test_a_known_token_ends_in_time(self) -> None:
        now = [datetime(2026, 1, 1, tzinfo=UTC)]
        verifier, _ = self.verifier(lambda: now[0])
        token = issue_token(ANN, KEY, now=now[0], lifetime=HOUR)
        assert await verifier.identify(token) == ANN
        now[0] += HOUR
        with pytest.raises(InvalidTokenError):
            await verifier.identify(token)

    async def test_what_does_not_hold_is_never_remembered(self) -> None:
        verifier, own = self.verifier(utc_now)
        for _ in range(2):
            with pytest.raises(InvalidTokenError):
                await verifier.identify("x.y.z")
        token = issue_token(ANN, Ed25519PrivateKey.generate(), now=utc_now(), lifetime=HOUR)
        for _ in range(2):
            with pytest.raises(InvalidTokenError):
                await verifier.identify(token)
        assert own.checks == 4

    async def test_it_remembers_only_so_many(self) -> None:
        verifier, own = self.verifier(utc_now, entries=2)
        tokens = [issue_token(Identity(name), KEY, now=utc_now(), lifetime=HOUR) for name in "abc"]
        for token in [*tokens, tokens[2], tokens[0]]:
            await verifier.identify(token)
        assert own.checks == 4
