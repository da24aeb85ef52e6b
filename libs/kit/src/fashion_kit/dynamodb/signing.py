"""AWS Signature Version 4 for the one request that DynamoDB knows: a POST of JSON to `/`."""

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Final

from botocore.credentials import ReadOnlyCredentials

SERVICE: Final = "dynamodb"
CONTENT_TYPE: Final = "application/x-amz-json-1.0"
_TARGET_PREFIX: Final = "DynamoDB_20120810."


class Signer:
    """Signs requests to one host of one region."""

    def __init__(self, host: str, region: str) -> None:
        self._host = host
        self._region = region
        self._day_key: tuple[tuple[str | None, str], bytes] | None = None

    def headers(
        self, operation: str, body: bytes, credentials: ReadOnlyCredentials, instant: datetime
    ) -> list[tuple[str, str]]:
        """Return the headers that make the body a signed request of the operation."""
        stamp = instant.strftime("%Y%m%dT%H%M%SZ")
        headers = [
            ("content-type", CONTENT_TYPE),
            ("host", self._host),
            ("x-amz-date", stamp),
            ("x-amz-security-token", credentials.token),
            ("x-amz-target", _TARGET_PREFIX + operation),
        ]
        signed = [(name, value) for name, value in headers if value]
        return [*signed, ("authorization", self._authorization(signed, stamp, body, credentials))]

    def _authorization(
        self,
        headers: list[tuple[str, str]],
        stamp: str,
        body: bytes,
        credentials: ReadOnlyCredentials,
    ) -> str:
        lines = "".join([f"{name}:{value}\n" for name, value in headers])
        names = ";".join([name for name, _ in headers])
        request = f"POST\n/\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
        day = stamp[:8]
        scope = f"{day}/{self._region}/{SERVICE}/aws4_request"
        digest = sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        signature = hmac.digest(self._key(credentials.secret_key, day), text.encode(), sha256)
        return (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope},"
            f" SignedHeaders={names}, Signature={signature.hex()}"
        )

    def _key(self, secret: str | None, day: str) -> bytes:
        """Return the key of the day, which takes as long to make as all the rest."""
        if self._day_key is None or self._day_key[0] != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, SERVICE, "aws4_request"):
                key = hmac.digest(key, part.encode(), sha256)
            self._day_key = (secret, day), key
        return self._day_key[1]
