"""AWS Signature Version 4 for the one request that DynamoDB knows: a POST of JSON to `/`."""

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Final

from botocore.credentials import ReadOnlyCredentials

SERVICE: Final = "dynamodb"
CONTENT_TYPE: Final = "application/x-amz-json-1.0"
TARGET_PREFIX: Final = "DynamoDB_20120810."
_INNER_PAD: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD: Final = bytes(byte ^ 0x5C for byte in range(256))
_BLOCK_BYTES: Final = 64


class Signer:
    """Signs requests to one host of one region."""

    def __init__(self, host: str, region: str) -> None:
        self._host = host
        self._region = region
        self._key: _DayKey | None = None
        self._second = -1
        self._stamp = ""

    def headers(
        self, operation: str, body: bytes, credentials: ReadOnlyCredentials, instant: datetime
    ) -> str:
        """Return the header lines that make the body a signed request of the operation."""
        stamp = self._stamp_of(instant)
        token = credentials.token
        token_line = f"x-amz-security-token:{token}\n" if token else ""
        token_name = "x-amz-security-token;" if token else ""
        names = f"content-type;host;x-amz-date;{token_name}x-amz-target"
        lines = (
            f"content-type:{CONTENT_TYPE}\nhost:{self._host}\nx-amz-date:{stamp}\n"
            f"{token_line}x-amz-target:{TARGET_PREFIX}{operation}\n"
        )
        request = f"POST\n/\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
        day = stamp[:8]
        scope = f"{day}/{self._region}/{SERVICE}/aws4_request"
        hashed = sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
        signature = self._key_of(credentials.secret_key, day).sign(text.encode())
        authorization = (
            f"authorization:AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope},"
            f" SignedHeaders={names}, Signature={signature}\n"
        )
        return (lines + authorization).replace("\n", "\r\n")

    def _stamp_of(self, instant: datetime) -> str:
        """Return the instant as signatures have it: the same for all requests of one second."""
        second = int(instant.timestamp())
        if second != self._second:
            self._second, self._stamp = second, instant.strftime("%Y%m%dT%H%M%SZ")
        return self._stamp

    def _key_of(self, secret: str | None, day: str) -> "_DayKey":
        """Return the key of the day: one is good for all of the day's requests."""
        if self._key is None or not self._key.is_of(secret, day):
            self._key = _DayKey(secret, day, self._region)
        return self._key


class _DayKey:
    """The key that one account signs with on one day.

    It is kept as the two hashes that HMAC begins with, which halves the time of a signature.
    """

    def __init__(self, secret: str | None, day: str, region: str) -> None:
        self._of = secret, day
        key = f"AWS4{secret}".encode()
        for part in (day, region, SERVICE, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        padded = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(padded.translate(_INNER_PAD))
        self._outer = sha256(padded.translate(_OUTER_PAD))

    def is_of(self, secret: str | None, day: str) -> bool:
        """Say whether this is the key for that secret and day."""
        return self._of == (secret, day)

    def sign(self, text: bytes) -> str:
        """Return the text's HMAC-SHA256 in hexadecimal digits."""
        inner = self._inner.copy()
        inner.update(text)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()
