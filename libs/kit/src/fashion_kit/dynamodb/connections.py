"""Kept-alive HTTP/1.1 connections to one host: one request at a time on each, so many and no more.

Only what DynamoDB and its emulators need of HTTP: an answer has a content length or comes in
chunks. Everything belongs to the event loop in which it is first used.
"""

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

_HEAD_END: Final = b"\r\n\r\n"
_STATUS: Final = re.compile(rb"http/1\.([01]) (\d{3})[ \r]")
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n")
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n")
_CLOSES: Final = re.compile(rb"\r\nconnection:[ \t]*close[ \t]*\r\n")


class Answer(NamedTuple):
    """What the server answered."""

    status: int
    body: bytes


class ConnectionLostError(ConnectionError):
    """Raised when the connection ended before the answer did."""

    def __init__(self, reason: str, *, has_begun: bool) -> None:
        super().__init__(reason)
        self.has_begun = has_begun
        """Whether a part of the answer had arrived."""


@dataclass(frozen=True)
class Address:
    """Where the server listens."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


class Connection(asyncio.Protocol):
    """One connection, which carries one request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None
        self.is_open = False
        self.closed: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note that it is open."""
        # The transports of other loops have the methods of asyncio's, but not their type.
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the one who waits for an answer that there will be none."""
        self._fail(str(error or "the server closed the connection"))
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Hand the answer over once all of it is there."""
        if self._waiting is None or self._waiting.done():
            self.close()  # nobody has asked
            return
        self._received += data
        try:
            read = read_answer(self._received)
        except ValueError as error:
            self._fail(str(error))
            self.close()
            return
        if read is not None:
            answer, stays_open = read
            self._received.clear()
            if not stays_open:
                self.close()
            self._waiting.set_result(answer)

    async def ask(self, request: bytes, *, timeout_seconds: float) -> Answer:
        """Return the answer to the request; afterwards an open connection may be asked again."""
        self._waiting = self._loop.create_future()
        deadline = self._loop.call_later(timeout_seconds, self._time_out)
        try:
            self._transport.write(request)
            return await self._waiting
        except BaseException:
            self.close()  # its answer may still come, and would be taken for the next one's
            raise
        finally:
            deadline.cancel()
            self._waiting = None

    def close(self) -> None:
        """Close it at once."""
        self.is_open = False
        self._transport.abort()

    def _fail(self, reason: str) -> None:
        self.is_open = False
        if self._waiting is not None and not self._waiting.done():
            error = ConnectionLostError(reason, has_begun=bool(self._received))
            self._waiting.set_exception(error)

    def _time_out(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(TimeoutError("the server did not answer in time"))


class ConnectionPool:
    """Lends connections to one server and opens new ones when all are in use."""

    def __init__(
        self,
        address: Address,
        *,
        size: int,
        connect_timeout_seconds: float,
        read_timeout_seconds: float,
    ) -> None:
        self._address = address
        self._connect_timeout = connect_timeout_seconds
        self._read_timeout = read_timeout_seconds
        self._free = asyncio.Semaphore(size)
        self._idle: list[Connection] = []

    async def ask(self, request: bytes) -> Answer:
        """Return the server's answer; raise OSError if there is none.

        A kept-alive connection may have been closed by the server while nobody used it; then
        the request goes out once more, on a new one.
        """
        async with self._free:
            connection = self._take_idle()
            if connection is not None:
                try:
                    return await self._ask(connection, request)
                except ConnectionLostError as error:
                    if error.has_begun:
                        raise
            return await self._ask(await self._connect(), request)

    async def close(self) -> None:
        """Close the connections that are not in use; wait until they are."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        for connection in idle:
            await connection.closed

    async def _ask(self, connection: Connection, request: bytes) -> Answer:
        answer = await connection.ask(request, timeout_seconds=self._read_timeout)
        if connection.is_open:
            self._idle.append(connection)
        return answer

    def _take_idle(self) -> Connection | None:
        """Return the one used last: the server has had the least time to grow tired of it."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _connect(self) -> Connection:
        address = self._address
        async with asyncio.timeout(self._connect_timeout):
            _, connection = await asyncio.get_running_loop().create_connection(
                Connection, address.host, address.port, ssl=address.tls
            )
        return connection


def read_answer(received: bytearray) -> tuple[Answer, bool] | None:
    """Return the answer and whether the connection stays open, or None while a part is missing."""
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head = bytes(received[: end + 2]).lower()
    status = _STATUS.match(head)
    if status is None:
        raise ValueError("the answer is not HTTP/1.1")
    begin = end + len(_HEAD_END)
    if length := _LENGTH.search(head):
        stop = begin + int(length[1])
        body = bytes(received[begin:stop]) if len(received) >= stop else None
    elif _CHUNKED.search(head):
        body, stop = _read_chunks(received, begin)
    else:
        raise ValueError("the answer does not say how long it is")
    if body is None:
        return None
    if len(received) > stop:
        raise ValueError("the answer is longer than it says")
    stays_open = status[1] == b"1" and _CLOSES.search(head) is None
    return Answer(int(status[2]), body), stays_open


def _read_chunks(received: bytearray, begin: int) -> tuple[bytes | None, int]:
    """Return what the chunks hold and where they end, or None while a part is missing."""
    chunks: list[bytes] = []
    while (line_end := received.find(b"\r\n", begin)) >= 0:
        size = int(received[begin:line_end].partition(b";")[0], 16)
        chunk_begin = line_end + 2
        begin = chunk_begin + size + 2
        if len(received) < begin:
            break
        if size == 0:
            return b"".join(chunks), begin
        chunks.append(bytes(received[chunk_begin : begin - 2]))
    return None, begin
