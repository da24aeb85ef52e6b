"""How a token is read: its signature, who issued it, and whether it holds now."""

from collections.abc import Sequence
from typing import Any, Final

import jwt
from jwt.types import Options

from fashion_kit.clock import Clock
from fashion_kit.errors import UnauthorizedError

# How far another machine's clock may be ahead of ours.
CLOCK_SKEW_SECONDS: Final = 60


class InvalidTokenError(UnauthorizedError):
    """Raised when a token does not hold; why is not said."""

    def __init__(self) -> None:
        super().__init__("The token is not valid or no longer so.")


def read_key_id(token: str) -> str | None:
    """Return the id of the key that the token says it was signed with."""
    try:
        kid: str | None = jwt.get_unverified_header(token).get("kid")
    except jwt.InvalidTokenError as error:
        raise InvalidTokenError from error
    return kid


def read_claims(
    token: str,
    key: Any,
    algorithms: Sequence[str],
    *,
    issuer: str,
    required: Sequence[str],
    clock: Clock,
) -> dict[str, Any]:
    """Return what the token says; raise InvalidTokenError if it does not hold.

    The audience is the caller's to check: Cognito's access tokens do not say it in `aud`.
    """
    options: Options = {
        "require": ["exp", "sub", *required],
        "verify_aud": False,
        # The times are compared below with the clock that we were given, not with PyJWT's own.
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
    }
    try:
        claims = jwt.decode(token, key, algorithms, issuer=issuer, options=options)
    except jwt.PyJWTError as error:
        raise InvalidTokenError from error
    now = clock().timestamp()
    begins, ends = claims.get("nbf", 0), claims["exp"]
    if not isinstance(begins, int | float) or not isinstance(ends, int | float):
        raise InvalidTokenError
    if not claims["sub"] or not begins - CLOCK_SKEW_SECONDS <= now < ends:
        raise InvalidTokenError
    return claims
