"""What goes wrong in browsers and on the way: the shop must bear it, and the report counts it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx

HUNG_UP = "the sender hung up"

_HANGS_UP_WITHIN_SECONDS = 0.05


@dataclass(frozen=True)
class Mischief:
    """How much of what goes wrong."""

    malformed_share: float = 0.0
    """Events that a broken script adds to what the tracker sends, as a share of those."""
    late_share: float = 0.0
    """Events that happened while the browser was offline, and come long afterwards."""
    late_by: timedelta = timedelta(hours=4)
    """By how much they are late at most."""
    dropped_share: float = 0.0
    """Requests whose sender hangs up before the answer, and sends the same again."""

    def when(self, now: datetime, rng: Random) -> datetime:
        """Return when an event that is sent now is said to have happened."""
        if not self.late_share or rng.random() >= self.late_share:
            return now
        return now - self.late_by * rng.random()

    def spoiled(self, event: Mapping[str, Any], event_id: str, rng: Random) -> dict[str, Any]:
        """Return an event as a broken script sends it, under an id of its own."""
        broken: dict[str, Any] = {**event, "event_id": event_id}
        match rng.randrange(4):
            case 0:
                broken["type"] = "teleport"
            case 1:
                broken["event_time"] = "yesterday"
            case 2:
                broken["product_id"] = "a blue one"
            case _:
                del broken["session_id"]
        return broken


NO_MISCHIEF = Mischief()


def draw_patience(share: float, rng: Random) -> float | None:
    """Return after how many seconds a sender hangs up; None: they wait as long as it takes."""
    return rng.uniform(0, _HANGS_UP_WITHIN_SECONDS) if rng.random() < share else None


class DroppingTransport(httpx.AsyncBaseTransport):
    """Hangs up on some requests before their answer is there, as a telephone in a tunnel does."""

    def __init__(self, transport: httpx.AsyncBaseTransport, share: float, rng: Random) -> None:
        self._transport = transport
        self._share = share
        self._rng = rng

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; raise ReadError where the sender did not wait for the answer."""
        patience = draw_patience(self._share, self._rng)
        try:
            async with asyncio.timeout(patience):
                return await self._transport.handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadError(HUNG_UP, request=request) from error

    async def aclose(self) -> None:
        """Close the transport below."""
        await self._transport.aclose()
