"""A client on bare sockets: fast enough to race 64 buyers, and able to hang up in the middle."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What came back, byte for byte."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's content."""
        return json.loads(self.body)


class Line:
    """One kept-alive connection to one storefront, opened when it is needed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: Any, headers: dict[str, str]) -> Reply:
        """Send and wait for the answer."""
        try:
            return await _reply(await self._send(path, body, headers))
        except (ConnectionError, asyncio.IncompleteReadError):
            # The server had closed the line that nothing was said on for a while.
            self.close()
            return await _reply(await self._send(path, body, headers))

    async def post_and_hang_up(self, path: str, body: Any, headers: dict[str, str]) -> None:
        """Send and be gone before the answer comes."""
        await self._send(path, body, headers)
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _send(self, path: str, body: Any, headers: dict[str, str]) -> asyncio.StreamReader:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        content = json.dumps(body).encode()
        fields = {
            "Host": "shop",
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            **headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        await writer.drain()
        return reader


async def _reply(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    content = await reader.readexactly(int(fields["content-length"]))
    return Reply(int(head[0].split()[1]), fields, content)
