"""Bearer tokens: what was signed holds for its time, and nothing else does."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fashion_kit.clock import utc_now
from fashion_kit.errors import UnauthorizedError
from fashion_kit.tokens import Identity, issue_token, verify_token

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
