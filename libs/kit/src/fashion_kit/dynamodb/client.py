"""The client: `await call("GetItem", {...})`, with values in DynamoDB's own typed form.

A binary value is a base64 string here, as on the wire: `{"B": "AAEC"}`.
"""

import asyncio
import random
import ssl
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.credentials import Credentials, ReadOnlyCredentials, RefreshableCredentials
from botocore.exceptions import NoCredentialsError
from pydantic_core import from_json, to_json

from fashion_kit import aws
from fashion_kit.clock import Clock, utc_now
from fashion_kit.dynamodb.connections import Address, Answer, ConnectionPool
from fashion_kit.dynamodb.signing import Signer

_TRANSIENT_STATUSES: Final = frozenset({500, 502, 503, 504})
_THROTTLED: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)


class DynamoDBError(Exception):
    """Raised when DynamoDB refused a call, or when no attempt was answered.

    `code` is AWS's name of the error; without an answer it is the name of what happened instead.
    """

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.operation = operation
        self.code = code


class _UnansweredError(DynamoDBError):
    """Nothing came back, or nothing that could be read, or an error of the server's own."""


@dataclass(frozen=True)
class Limits:
    """How many connections there may be, how often a call is tried, how long it may take."""

    connections: int = 10
    attempts: int = 3
    connect_timeout_seconds: float = aws.CONNECT_TIMEOUT_SECONDS
    read_timeout_seconds: float = aws.READ_TIMEOUT_SECONDS
    first_pause_seconds: float = 0.05


class DynamoDB:
    """Calls DynamoDB from one event loop."""

    def __init__(
        self,
        endpoint: str,
        region: str,
        credentials: Credentials,
        *,
        limits: Limits,
        clock: Clock = utc_now,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        url = urlsplit(endpoint)
        is_secure = url.scheme == "https"
        if is_secure and tls is None:
            tls = ssl.create_default_context()
        self._credentials = credentials
        self._clock = clock
        self._limits = limits
        self._signer = Signer(url.netloc, region)
        self._pool = ConnectionPool(
            Address(url.hostname or "", url.port or (443 if is_secure else 80), tls),
            size=limits.connections,
            connect_timeout_seconds=limits.connect_timeout_seconds,
            read_timeout_seconds=limits.read_timeout_seconds,
        )

    async def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Return the operation's answer; raise DynamoDBError if there is none.

        What passes by itself is tried again. So a conditional write whose first answer was
        lost may find that its condition no longer holds: callers must expect that.
        """
        body = to_json(request)
        attempt = 1
        while True:
            try:
                return await self._attempt(operation, body)
            except DynamoDBError as error:
                if attempt >= self._limits.attempts or not _passes_by_itself(error):
                    raise
            longest = self._limits.first_pause_seconds * 2 ** (attempt - 1)
            await asyncio.sleep(longest * random.random())  # noqa: S311 - no secret
            attempt += 1

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    async def _attempt(self, operation: str, body: bytes) -> dict[str, Any]:
        credentials = await self._frozen_credentials()
        headers = self._signer.headers(operation, body, credentials, self._clock())
        head = (
            f"POST / HTTP/1.1\r\n{headers}user-agent:{aws.USER_AGENT}\r\n"
            f"content-length:{len(body)}\r\n\r\n"
        )
        try:
            answer = await self._pool.ask(head.encode() + body)
        except OSError as error:
            raise _UnansweredError(operation, type(error).__name__, str(error)) from error
        return _read(operation, answer)

    async def _frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the credentials of the moment; fetching new ones blocks no other call."""
        credentials = self._credentials
        if isinstance(credentials, RefreshableCredentials) and credentials.refresh_needed():
            return await asyncio.to_thread(credentials.get_frozen_credentials)
        return credentials.get_frozen_credentials()


def make_dynamodb(limits: Limits, clock: Clock = utc_now) -> DynamoDB:
    """Return a client of the endpoint, region and account that boto3 would use."""
    found = aws.client("dynamodb").meta
    credentials = aws.credentials()
    if credentials is None:
        raise NoCredentialsError
    return DynamoDB(found.endpoint_url, found.region_name, credentials, limits=limits, clock=clock)


def _read(operation: str, answer: Answer) -> dict[str, Any]:
    try:
        content: dict[str, Any] = from_json(answer.body)
    except ValueError as error:
        code = str(answer.status)
        raise _UnansweredError(operation, code, "the answer is not JSON") from error
    if answer.status == 200:
        return content
    code = str(content.get("__type", answer.status)).rpartition("#")[2]
    message = str(content.get("message", content.get("Message", "")))
    if answer.status in _TRANSIENT_STATUSES:
        raise _UnansweredError(operation, code, message)
    raise DynamoDBError(operation, code, message)


def _passes_by_itself(error: DynamoDBError) -> bool:
    return isinstance(error, _UnansweredError) or error.code in _THROTTLED
