"""How fast a person goes, and when they must leave."""

import asyncio
from collections.abc import Awaitable, Callable
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


class SteadyPace:
    """Every pause scaled by the same factor, and all the time in the world."""

    def __init__(self, scale: float = 1.0, sleep: Sleep = asyncio.sleep) -> None:
        self._scale = scale
        self._sleep = sleep

    async def think(self, seconds: float) -> None:
        """Pause for the scaled seconds."""
        if self._scale > 0:
            await self._sleep(seconds * self._scale)

    async def wait(self, seconds: float) -> None:
        """Wait for exactly the seconds."""
        await self._sleep(seconds)

    def has_time(self) -> bool:
        """Return True."""
        return True
