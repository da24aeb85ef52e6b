"""The website's event tracker: small batches, and events that keep their id when sent again."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import uuid4

from loadtest.clock import Clock, iso, utc_now
from loadtest.reports import RejectedEvent, VisitReport
from loadtest.shop import Shop
from loadtest.wire import Answer

SCHEMA = "interaction/1"
LARGEST_BATCH = 5

IdFactory = Callable[[], str]


def new_id() -> str:
    """Return an id nobody else has. Never seeded: two runs must not share their events."""
    return str(uuid4())


@dataclass(frozen=True)
class Visitor:
    """Who the events are of, on which visit, in which browser."""

    session_id: str
    user_agent: str
    locale: str
    user_id: str | None = None
    anonymous_id: str | None = None

    @property
    def shopper_id(self) -> str:
        """Return under which id the shop knows them."""
        return self.user_id or self.anonymous_id or ""


class Tracker:
    """Collects one visit's events and sends them on in batches of one to five."""

    def __init__(
        self,
        shop: Shop,
        visitor: Visitor,
        report: VisitReport,
        rng: Random,
        *,
        clock: Clock = utc_now,
        id_factory: IdFactory = new_id,
    ) -> None:
        self._shop = shop
        self._visitor = visitor
        self._report = report
        self._rng = rng
        self._clock = clock
        self._new_id = id_factory
        self._waiting: list[dict[str, Any]] = []
        self._batch_size = self._draw_batch_size()
        self._referrer: str | None = None

    async def track(self, kind: str, path: str, **details: Any) -> None:
        """Note an event that happened on this page of the website; send the batch if it is full."""
        self._waiting.append(
            {
                "event_id": self._new_id(),
                "schema": SCHEMA,
                "type": kind,
                **self._owner(),
                "session_id": self._visitor.session_id,
                **{name: value for name, value in details.items() if value is not None},
                "event_time": iso(self._clock()),
                "page": self._page(path),
                "consent": True,
                "context": {
                    "user_agent": self._visitor.user_agent,
                    "locale": self._visitor.locale,
                },
            }
        )
        if len(self._waiting) >= self._batch_size:
            await self.flush()

    async def flush(self) -> None:
        """Send what waits. What the shop does not take after all attempts is counted as unsent."""
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        self._batch_size = self._draw_batch_size()
        sent_at = iso(self._clock())
        answer = await self._shop.send_events([{**event, "sent_at": sent_at} for event in batch])
        if answer is None or answer.status != 202:
            self._report.unsent_events += len(batch)
        else:
            self._note_verdicts(answer, batch)

    def _note_verdicts(self, answer: Answer, batch: list[dict[str, Any]]) -> None:
        verdicts = answer.get("verdicts", [])
        self._report.unsent_events += len(batch) - len(verdicts)
        for verdict in verdicts:
            event_id = batch[verdict["index"]]["event_id"]
            if verdict["status"] == "accepted":
                self._report.accepted_event_ids.append(event_id)
            else:
                reason = str(verdict.get("reason"))
                self._report.rejected_events.append(RejectedEvent(event_id, reason))

    def _owner(self) -> dict[str, str]:
        visitor = self._visitor
        if visitor.user_id is not None:
            return {"user_id": visitor.user_id}
        return {"anonymous_id": visitor.shopper_id}

    def _page(self, path: str) -> dict[str, str]:
        url = f"https://shop.example{path}"
        page = {"url": url} if self._referrer is None else {"url": url, "referrer": self._referrer}
        self._referrer = url
        return page

    def _draw_batch_size(self) -> int:
        return self._rng.randint(1, LARGEST_BATCH)
