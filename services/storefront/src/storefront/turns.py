"""Turns: how many requests may work with the database at once; the others wait in order."""

from asyncio import Semaphore, timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fashion_kit.errors import TransientError


class NoTurnError(TransientError):
    """Raised when a request waited too long for its turn."""

    def __init__(self) -> None:
        super().__init__("Too many requests are waiting for the database.")


class Turns:
    """A fixed number of turns, given out first come, first served."""

    def __init__(self, count: int, longest_wait: timedelta) -> None:
        self._free = Semaphore(count)
        self._longest_wait = longest_wait.total_seconds()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold one turn for the time of the block; raise NoTurnError if none comes free in time."""
        try:
            async with timeout(self._longest_wait):
                await self._free.acquire()
        except TimeoutError as error:
            raise NoTurnError from error
        try:
            yield
        finally:
            self._free.release()
