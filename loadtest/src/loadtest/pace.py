"""How fast a person goes, and when they must leave."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Protocol

Sleep = Callable[[float], Awaitable[None]]


class Pace(Protocol):
    """Decides how long pauses really are, and whether there is time for another step."""

    async def think(self, seconds: float) -> None:
        """Pause as long as the person's `seconds` are in this run."""

    async def wait(self, seconds: float) -> None:
        """Wait for the shop: these seconds are real."""

    def has_time(self) -> bool:
        """Say whether the person may take another step."""

    def take_intended(self) -> float | None:
        """Return by `perf_counter` when the person meant to act; None if that is told already.

        Only the first request after a pause was meant for a moment: one that follows an answer is
        meant for the moment of that answer.
        """


class Intention:
    """When the person meant to act next. The machine may wake them later: that counts as waiting.

    A load generator that is itself late, or was held up by a slow answer, must not make the shop
    look quicker than it is ("coordinated omission").
    """

    def __init__(self, first: float | None = None) -> None:
        self._intended = first

    def set_in(self, seconds: float) -> None:
        """Mean to act so many seconds from now."""
        self._intended = perf_counter() + seconds

    def take(self) -> float | None:
        """Return when it was, once."""
        intended, self._intended = self._intended, None
        return intended


class SteadyPace:
    """Every pause scaled by the same factor, and all the time in the world."""

    def __init__(
        self, scale: float = 1.0, sleep: Sleep = asyncio.sleep, *, intended: float | None = None
    ) -> None:
        self._scale = scale
        self._sleep = sleep
        self._intention = Intention(intended)

    async def think(self, seconds: float) -> None:
        """Pause for the scaled seconds."""
        if self._scale > 0:
            self._intention.set_in(seconds * self._scale)
            await self._sleep(seconds * self._scale)

    async def wait(self, seconds: float) -> None:
        """Wait for exactly the seconds."""
        await self._sleep(seconds)

    def has_time(self) -> bool:
        """Return True."""
        return True

    def take_intended(self) -> float | None:
        """Return when the last pause was to end, once."""
        return self._intention.take()
