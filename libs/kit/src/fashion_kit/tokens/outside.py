"""An outside issuer (OpenID Connect, such as Cognito): its keys, claims, and users' ids here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from anyio import CapacityLimiter, to_thread
from jwt import PyJWK, PyJWKClient, PyJWKClientConnectionError, PyJWKClientError, PyJWTError
from ulid import ULID

from fashion_kit.clock import Clock
from fashion_kit.errors import TransientError
from fashion_kit.logs import get_logger
from fashion_kit.tokens.claims import InvalidTokenError, read_claims, read_key_id
from fashion_kit.tokens.identity import Identity, Verified

# Only such with a private half: a public key must never be taken for a shared secret.
ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
FETCH_TIMEOUT_SECONDS: Final = 3
# A key that the issuer withdrew is believed this much longer.
KEYS_LIFETIME_SECONDS: Final = 3_600
# How often an unknown key id, which anybody can make up, may lead to another fetch.
UNKNOWN_KEY_PAUSE_SECONDS: Final = 30
FAILURE_PAUSE_SECONDS: Final = 5

log = get_logger(__name__)


class IssuerUnavailableError(TransientError):
    """Raised when the outside issuer's keys cannot be had, so that no token can be judged."""

    def __init__(self) -> None:
        super().__init__("The issuer of the tokens does not answer. Try again shortly.")


@dataclass(frozen=True)
class OutsideClaims:
    """What an outside issuer's tokens must say, and how a role is read from them."""

    issuer: str
    audience: str
    groups_claim: str
    roles: Sequence[str]
    """Roles that a group of the same name gives, the strongest first."""


def user_id_of(issuer: str, subject: str) -> str:
    """Return the id that the issuer's user has here: always the same, so nobody looks it up."""
    return str(ULID.from_uuid(uuid5(uuid5(NAMESPACE_URL, issuer), subject)))


class OutsideIssuer:
    """Checks an outside issuer's tokens with the keys that it publishes."""

    def __init__(self, expected: OutsideClaims, jwks_url: str, *, clock: Clock) -> None:
        self._expected = expected
        self._keys = _PublishedKeys(
            jwks_url,
            lifespan=KEYS_LIFETIME_SECONDS,
            timeout=FETCH_TIMEOUT_SECONDS,
            cooldown_duration=UNKNOWN_KEY_PAUSE_SECONDS,
        )
        # A thread of its own: while the issuer is slow, only its users wait.
        self._one = CapacityLimiter(1)
        self._clock = clock

    async def verify(self, token: str) -> Verified:
        """Return who the token says is asking.

        Raises InvalidTokenError if it does not hold, and IssuerUnavailableError if that cannot be
        said for want of keys.
        """
        kid = read_key_id(token)
        if kid is None:
            raise InvalidTokenError
        key = await to_thread.run_sync(self._keys.find, kid, limiter=self._one)
        claims = read_claims(
            token,
            key,
            ALGORITHMS,
            issuer=self._expected.issuer,
            required=[],
            clock=self._clock,
        )
        if not self._is_for_us(claims):
            raise InvalidTokenError
        user_id = user_id_of(self._expected.issuer, claims["sub"])
        identity = Identity(user_id, self._role(claims), self._expected.issuer)
        return Verified(identity, claims["exp"])

    def _is_for_us(self, claims: Mapping[str, Any]) -> bool:
        audience = claims.get("aud") or claims.get("client_id")
        named = audience if isinstance(audience, list) else [audience]
        return self._expected.audience in named and claims.get("token_use", "access") == "access"

    def _role(self, claims: Mapping[str, Any]) -> str:
        groups = claims.get(self._expected.groups_claim)
        named = groups if isinstance(groups, list) else [groups]
        return next((role for role in self._expected.roles if role in named), Identity.role)


class _PublishedKeys(PyJWKClient):
    """The issuer's keys, kept for a while. After a failed fetch the next one waits."""

    _rests_until = 0.0

    def find(self, kid: str) -> PyJWK:
        try:
            return self.get_signing_key(kid)
        except PyJWKClientConnectionError as error:
            raise IssuerUnavailableError from error
        except PyJWKClientError as error:
            raise InvalidTokenError from error

    def fetch_data(self) -> Any:
        if monotonic() < self._rests_until:
            raise PyJWKClientConnectionError("the issuer failed a moment ago")
        try:
            return super().fetch_data()
        except (PyJWTError, ValueError, OSError) as error:
            self._rests_until = monotonic() + FAILURE_PAUSE_SECONDS
            log.warning("issuer_keys_not_fetched", error=type(error).__name__)
            raise PyJWKClientConnectionError("the issuer's keys cannot be read") from error
