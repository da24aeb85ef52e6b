"""Bearer tokens: signed with a private key by the one who issues, checked with the public one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fashion_kit.errors import UnauthorizedError

ALGORITHM = "EdDSA"
ISSUER = "fashion-store"

# Either PEM text or the parsed key: who checks many tokens parses once.
PrivateKey = str | Ed25519PrivateKey
PublicKey = str | Ed25519PublicKey


@dataclass(frozen=True)
class Identity:
    """Who is asking."""

    user_id: str
    role: str = "customer"


def issue_token(
    identity: Identity, private_key: PrivateKey, *, now: datetime, lifetime: timedelta
) -> str:
    """Return a token that says who the bearer is, until `now + lifetime`."""
    claims = {
        "iss": ISSUER,
        "sub": identity.user_id,
        "role": identity.role,
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode(claims, private_key, ALGORITHM)


def verify_token(token: str, public_key: PublicKey) -> Identity:
    """Return who the token says is asking; raise UnauthorizedError if it does not hold."""
    try:
        claims = jwt.decode(
            token,
            public_key,
            [ALGORITHM],
            issuer=ISSUER,
            options={"require": ["exp", "sub", "role"]},
        )
    except jwt.InvalidTokenError as error:
        raise UnauthorizedError("The token is not valid or no longer so.") from error
    return Identity(claims["sub"], claims["role"])
