"""A gate in front of a server: it lets through, refuses, is silent, or loses answers."""

import asyncio
from contextlib import suppress
from random import Random
from threading import Event, Thread

_CHUNK_BYTES = 65536


class Gate:
    """Forwards TCP connections of a loopback port; what it does with them changes while it runs.

    A gate that is silent passes on what it held when it opens again: requests arrive late, as they
    do in life.
    """

    def __init__(self, upstream_port: int) -> None:
        self.port = 0
        self.turned_away = 0
        """How many connections were refused or lost their answer."""
        self._upstream_port = upstream_port
        self._is_refusing = False
        self._lost_share = 0.0
        self._rng = Random(upstream_port)  # noqa: S311 - no secret
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._inside: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = Event()
        self._thread = Thread(target=self._run, name="gate", daemon=True)

    @property
    def url(self) -> str:
        """Return its address for HTTP clients."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Open it."""
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Close it, and every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def open(self) -> None:
        """Let everything through."""
        self._loop.call_soon_threadsafe(self._open)

    def refuse(self) -> None:
        """Reset every connection, and each that comes."""
        self._loop.call_soon_threadsafe(self._refuse)

    def be_silent(self) -> None:
        """Take connections and requests, and pass nothing on in either direction."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def lose_answers(self, share: float) -> None:
        """Reset a connection instead of passing on an answer: the server has done its work."""
        self._lost_share = share

    def lead_to(self, port: int) -> None:
        """Lead to another server from now on; connections to the one before are reset."""
        self._upstream_port = port
        self._loop.call_soon_threadsafe(self._reset_all)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        self._open()
        self._reset_all()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.close()

    def _open(self) -> None:
        self._is_refusing = False
        self._lost_share = 0.0
        self._flowing.set()

    def _refuse(self) -> None:
        self._is_refusing = True
        self.turned_away += len(self._inside) // 2
        self._reset_all()

    def _reset_all(self) -> None:
        for writer in self._inside:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await self._pass_on(reader, writer)
        except OSError:
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_refusing:
            self.turned_away += 1
            writer.transport.abort()
            return
        answers, requests = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        both = {writer, requests}
        self._inside |= both
        try:
            await asyncio.gather(
                self._pump(reader, requests), self._pump(answers, writer, may_lose=True)
            )
        finally:
            self._inside -= both
            for one in both:
                one.transport.abort()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, may_lose: bool = False
    ) -> None:
        while chunk := await source.read(_CHUNK_BYTES):
            await self._flowing.wait()
            if may_lose and self._rng.random() < self._lost_share:
                self.turned_away += 1
                raise ConnectionResetError
            sink.write(chunk)
            await sink.drain()
        with suppress(OSError):
            sink.write_eof()
