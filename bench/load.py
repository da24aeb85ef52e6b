"""HTTP clients that measure.

closed_loop   every connection sends its next request when it has its answer: how much is possible
open_loop     requests come when they come, as from people: how long each of them waits
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
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
    """Return what so many connections measured in so many seconds, one request after another."""
    return uvloop.run(_closed_loop(port, requests, connections, seconds))


def get(path: str) -> bytes:
    """Return a GET as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1".encode() + _HEAD_END


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


def open_loop(
    port: int, requests: Iterator[bytes], *, rate: float, connections: int, seconds: float
) -> Outcome:
    """Return the latencies, from the moment each request was due, at so many a second.

    They are due at random (Poisson). One that finds no connection free waits, and that counts.
    """
    return uvloop.run(_OpenLoop(requests, rate).run(port, connections, seconds))


class _OpenLoop:
    def __init__(self, requests: Iterator[bytes], rate: float) -> None:
        self.requests = requests
        self.outcome = Outcome()
        self.free: list[_OnCall] = []
        self.due: deque[float] = deque()
        self._rate = rate
        self._random = Random(1)  # noqa: S311 - arrivals that are the same in each run

    async def run(self, port: int, connections: int, seconds: float) -> Outcome:
        loop = asyncio.get_running_loop()
        opened = [
            await loop.create_connection(lambda: _OnCall(self), "127.0.0.1", port)
            for _ in range(connections)
        ]
        began = due = perf_counter()
        while due - began < seconds:
            due += self._random.expovariate(self._rate)
            await asyncio.sleep(due - perf_counter())
            self.due.append(due)
            self.serve()
        async with asyncio.timeout(GRACE_SECONDS):
            while len(self.free) < connections:
                await asyncio.sleep(0.01)
        self.outcome.seconds = perf_counter() - began
        for transport, _ in opened:
            transport.close()
        return self.outcome

    def serve(self) -> None:
        while self.due and self.free:
            self.free.pop().send(self.due.popleft())


class _OnCall(asyncio.Protocol):
    """A connection that sends when it is told."""

    def __init__(self, run: _OpenLoop) -> None:
        self._run = run
        self._due = 0.0
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio's, but not their type.
        self._transport = cast("asyncio.Transport", transport)
        self._run.free.append(self)

    def send(self, due: float) -> None:
        self._due = due
        self._transport.write(next(self._run.requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(_HEAD_END)
        if not end or len(body) < _content_length(head):
            return
        self._received = b""
        if head.startswith(b"HTTP/1.1 2"):
            self._run.outcome.milliseconds.append((perf_counter() - self._due) * 1000)
        else:
            self._run.outcome.failures += 1
        self._run.free.append(self)
        self._run.serve()


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
