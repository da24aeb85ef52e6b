"""A closed-loop HTTP client: every connection sends its next request when it has its answer."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter
from typing import cast

import uvloop

GRACE_SECONDS = 10

_CONTENT_LENGTH = b"content-length:"
_HEAD_END = b"\r\n\r\n"


@dataclass
class Outcome:
    """What a run measured."""

    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self) -> float:
        """Return the good answers in a second."""
        return len(self.milliseconds) / self.seconds

    def percentile(self, percent: int) -> float:
        """Return the latency that so many percent of the answers kept."""
        return quantiles(self.milliseconds, n=100)[percent - 1]


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], outcome: Outcome, until: float) -> None:
        self._requests = requests
        self._outcome = outcome
        self._until = until
        self._received = b""
        self._began = 0.0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio's, but not their type.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(_HEAD_END)
        if not end or len(body) < _content_length(head):
            return
        self._note(is_good=head.startswith(b"HTTP/1.1 2"))
        self._received = b""
        if perf_counter() < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def _send(self) -> None:
        request = next(self._requests)
        self._began = perf_counter()
        self._transport.write(request)

    def _note(self, *, is_good: bool) -> None:
        if is_good:
            self._outcome.milliseconds.append((perf_counter() - self._began) * 1000)
        else:
            self._outcome.failures += 1


def closed_loop(
    port: int, requests: Iterator[bytes], *, connections: int, seconds: float
) -> Outcome:
    """Return what so many connections measured in so many seconds."""
    return uvloop.run(_closed_loop(port, requests, connections, seconds))


def post(path: str, body: bytes, *headers: str) -> bytes:
    """Return a POST of JSON as it goes over the wire."""
    head = [
        f"POST {path} HTTP/1.1",
        "host: 127.0.0.1",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(head).encode() + _HEAD_END + body


async def _closed_loop(
    port: int, requests: Iterator[bytes], connections: int, seconds: float
) -> Outcome:
    outcome = Outcome()
    began = perf_counter()
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(
            lambda: _Connection(requests, outcome, began + seconds), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + GRACE_SECONDS):
        await asyncio.gather(*(protocol.closed for _, protocol in opened))
    outcome.seconds = perf_counter() - began
    return outcome


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    start = lowered.index(_CONTENT_LENGTH) + len(_CONTENT_LENGTH)
    return int(lowered[start:].split(b"\r\n", 1)[0])
