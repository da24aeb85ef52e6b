"""Our own tokens: one key signs, and whoever has its public half can check."""

from collections.abc import Container, Sequence
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fashion_kit.clock import Clock, utc_now
from fashion_kit.tokens.claims import InvalidTokenError, read_claims, read_key_id
from fashion_kit.tokens.identity import ISSUER, Identity, Verified
from fashion_kit.tokens.keys import (
    ALGORITHM,
    PrivateKey,
    PublicKey,
    key_id,
    private_key_of,
    public_key_of,
)


def issue_token(
    identity: Identity, private_key: PrivateKey, *, now: datetime, lifetime: timedelta
) -> str:
    """Return a token that says who the bearer is, until `now + lifetime`."""
    key = private_key_of(private_key)
    claims = {
        "iss": ISSUER,
        "sub": identity.user_id,
        "role": identity.role,
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode(claims, key, ALGORITHM, headers={"kid": key_id(key.public_key())})


def verify_token(token: str, public_key: PublicKey, *, clock: Clock = utc_now) -> Identity:
    """Return who the token says is asking; raise InvalidTokenError if it does not hold."""
    return _verified(token, public_key_of(public_key), clock).identity


class OwnIssuer:
    """Checks our own tokens, with one public key or, while one key follows another, several."""

    def __init__(
        self,
        public_keys: Sequence[Ed25519PublicKey],
        *,
        clock: Clock,
        roles: Container[str] | None = None,
    ) -> None:
        """Take the keys, the one that signs first, and the roles we may give; None for any."""
        self._keys = {key_id(key): key for key in public_keys}
        self._first = public_keys[0]
        self._roles = roles
        self._clock = clock

    def knows(self, kid: str | None) -> bool:
        """Say whether a token with this key id is for us to check; old ones have none."""
        return kid is None or kid in self._keys

    def verify(self, token: str) -> Verified:
        """Return who the token says is asking; raise InvalidTokenError if it does not hold."""
        kid = read_key_id(token)
        key = self._first if kid is None else self._keys.get(kid)
        if key is None:
            raise InvalidTokenError
        verified = _verified(token, key, self._clock)
        if self._roles is not None and verified.identity.role not in self._roles:
            raise InvalidTokenError
        return verified


def _verified(token: str, key: Ed25519PublicKey, clock: Clock) -> Verified:
    claims = read_claims(token, key, [ALGORITHM], issuer=ISSUER, required=["role"], clock=clock)
    return Verified(Identity(claims["sub"], claims["role"]), claims["exp"])
