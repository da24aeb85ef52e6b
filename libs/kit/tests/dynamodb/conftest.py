"""A server of one's own that misbehaves as it is told, and clients of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from botocore.credentials import Credentials

from fashion_kit.dynamodb.client import DynamoDB, Limits

LIMITS = Limits(
    connections=4,
    attempts=3,
    connect_timeout_seconds=2,
    read_timeout_seconds=5,
    first_pause_seconds=0,
)
ClientMaker = Callable[..., DynamoDB]


class Server:
    """Answers each request by the next line of its script, and `{}` when that is at its end.

    Lines: "drop" closes before an answer, "cut" within one, "hang" never answers, "chunks" answers
    in pieces, "close" answers and closes, a number answers with that status, bytes are sent as
    they are, a dictionary is an answer.
    """

    def __init__(self) -> None:
        self.script: list[Any] = []
        self.heads: list[dict[str, str]] = []
        self.bodies: list[Any] = []
        self.connections = 0
        self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._at_once = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        await self.drop_idle()

    async def drop_idle(self) -> None:
        """Close every connection, as a server does that has waited long enough."""
        for writer in list(self._writers):
            writer.close()
            await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while await self._answer_next(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer_next(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        self.heads.append(dict(line.split(":", 1) for line in head))
        body = await reader.readexactly(int(self.heads[-1]["content-length"]))
        self.bodies.append(json.loads(body))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await self.gate.wait()
        self._at_once -= 1
        line = self.script.pop(0) if self.script else {}
        if line == "hang":
            await reader.read()
            return False
        answer = _answers(line)
        writer.writelines(answer)
        await writer.drain()
        return line not in ("drop", "cut", "close") and not isinstance(line, bytes)


def _answers(line: Any) -> list[bytes]:
    match line:
        case "drop":
            return []
        case "cut":
            return [b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"]
        case "close":
            return [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"]
        case "chunks":
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            return [head, b'7\r\n{"Item"\r\n', b'6;x=y\r\n: "it"\r\n', b"1\r\n}\r\n", b"0\r\n\r\n"]
        case bytes():
            return [line]
        case int():
            return [_answer(line, {"__type": "com.amazonaws#InternalServerError"})]
        case {"__type": _}:
            return [_answer(400, line)]
    return [_answer(200, line)]


def _answer(status: int, content: dict[str, Any]) -> bytes:
    body = json.dumps(content).encode()
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def make_client(server: Server) -> AsyncIterator[ClientMaker]:
    """Return a maker of clients of the server; they are closed after the test."""
    made: list[DynamoDB] = []

    def make(limits: Limits = LIMITS, credentials: Credentials | None = None) -> DynamoDB:
        account = credentials or Credentials("key", "secret", "session-token")
        endpoint = f"http://127.0.0.1:{server.port}"
        made.append(DynamoDB(endpoint, "eu-central-1", account, limits=limits))
        return made[-1]

    yield make
    for client in made:
        await client.close()


@pytest.fixture
def client(make_client: ClientMaker) -> DynamoDB:
    return make_client()
