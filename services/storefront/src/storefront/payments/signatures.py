"""Signatures of notifications: `t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from fashion_kit.errors import UnauthorizedError


class InvalidSignatureError(UnauthorizedError):
    """Raised when a notification is not signed by the provider, or too long ago."""

    def __init__(self) -> None:
        super().__init__("The notification has no signature that holds.")

    def headers(self) -> dict[str, str]:
        """Return the challenge: a bearer token would not help."""
        return {"WWW-Authenticate": "Payment-Signature"}


def sign(body: bytes, key: str, at: datetime) -> str:
    """Return the header of a notification that is sent at the instant."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_mac(body, key, seconds)}"


def check_signature(
    header: str | None, body: bytes, key: str, *, now: datetime, tolerance: timedelta
) -> None:
    """Raise InvalidSignatureError unless one of the header's signatures is ours, and fresh.

    Several `v1` let the provider change its key without a gap.
    """
    parts = [part.strip().partition("=") for part in (header or "").split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not re.fullmatch(r"[0-9]{1,12}", times[0]):
        raise InvalidSignatureError
    seconds = int(times[0])
    expected = _mac(body, key, seconds).encode()
    given = [value.encode() for name, _, value in parts if name == "v1"]
    # Every one is compared, in constant time: how long it takes tells nothing.
    holds = [hmac.compare_digest(one, expected) for one in given]
    if not any(holds) or abs(now.timestamp() - seconds) > tolerance.total_seconds():
        raise InvalidSignatureError


def _mac(body: bytes, key: str, seconds: int) -> str:
    signed = str(seconds).encode() + b"." + body
    return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
