"""The stream, left alone for a while when it is away: not every batch waits to find that out."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import timedelta

from fashion_kit.batcher import Refused
from storefront.stream import StreamPublisher, StreamRecord, StreamUnavailableError


class Circuit:
    """Says when to try: always, or after a failure once in a while."""

    def __init__(self, rest: timedelta, time: Callable[[], float]) -> None:
        self._rest = rest.total_seconds()
        self._time = time
        self._is_broken = False
        self._next_try = 0.0

    def may_try(self) -> bool:
        """Say whether to try now. After a failure only one is told so for each rest."""
        if not self._is_broken:
            return True
        if self.pause() > 0:
            return False
        self.note_failure()
        return True

    @property
    def is_closed(self) -> bool:
        """Say whether the last try was a success."""
        return not self._is_broken

    def pause(self) -> float:
        """Return the seconds until the next try."""
        return max(0.0, self._next_try - self._time())

    def note_failure(self) -> None:
        """Remember that nobody answered."""
        self._is_broken = True
        self._next_try = self._time() + self._rest

    def note_success(self) -> None:
        """Remember that somebody did."""
        self._is_broken = False
        self._next_try = 0.0


class GuardedStream:
    """Puts records on the stream from the pool's threads, and fails at once while it is away."""

    def __init__(self, stream: StreamPublisher, pool: Executor, circuit: Circuit) -> None:
        self._stream = stream
        self._pool = pool
        self._circuit = circuit

    async def put(self, records: Sequence[StreamRecord]) -> list[str | Refused]:
        """Put the records in one call; raise StreamUnavailableError if that is in vain."""
        if not self._circuit.may_try():
            raise StreamUnavailableError
        put = self._stream.put
        try:
            answers = await asyncio.get_running_loop().run_in_executor(self._pool, put, records)
        except StreamUnavailableError:
            self._circuit.note_failure()
            raise
        self._circuit.note_success()
        return answers

    @property
    def is_well(self) -> bool:
        """Say whether the last call was answered."""
        return self._circuit.is_closed

    async def rest(self) -> None:
        """Wait until the stream may be tried."""
        await asyncio.sleep(self._circuit.pause())
