"""The website's event tracker: small batches, and events that keep their id when sent again."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import uuid4

from loadtest.clock import Clock, iso, utc_now
from loadtest.mischief import NO_MISCHIEF, Mischief
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
    mischief: Mischief = NO_MISCHIEF
    """What goes wrong in their browser."""

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
        self._mischief = visitor.mischief
        self._waiting: list[dict[str, Any]] = []
        self._batch_size = self._draw_batch_size()
        self._referrer: str | None = None
        self._late: set[str] = set()

    async def track(self, kind: str, path: str, **details: Any) -> None:
        """Note an event that happened on this page of the website; send the batch if it is full."""
        now = self._clock()
        happened_at = self._mischief.when(now, self._rng)
        event_id = self._new_id()
        if happened_at < now:
            self._report.late_events += 1
            self._late.add(event_id)
        self._waiting.append(
            {
                "event_id": event_id,
                "schema": SCHEMA,
                "type": kind,
                **self._owner(),
                "session_id": self._visitor.session_id,
                **{name: value for name, value in details.items() if value is not None},
                "event_time": iso(happened_at),
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
        sound = [{**event, "sent_at": sent_at} for event in batch]
        malformed = self._malformed(sound)
        answer = await self._shop.send_events([*sound, *malformed])
        if answer is None or answer.status != 202:
            self._report.unsent_events += len(batch)
        else:
            self._note_verdicts(answer, sound)
            self._note_refusals(answer, len(sound), malformed)

    def _malformed(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        share, rng = self._mischief.malformed_share, self._rng
        chosen = [event for event in batch if share and rng.random() < share]
        return [self._mischief.spoiled(event, self._new_id(), rng) for event in chosen]

    def _note_refusals(self, answer: Answer, first: int, malformed: list[dict[str, Any]]) -> None:
        """Note which of the malformed events at the end of the batch were refused, and why."""
        self._report.malformed_events += len(malformed)
        for verdict in answer.get("verdicts", []):
            if verdict["index"] >= first and verdict["status"] != "accepted":
                event_id = malformed[verdict["index"] - first]["event_id"]
                refused = RejectedEvent(event_id, str(verdict.get("reason")))
                self._report.malformed_refused.append(refused)

    def _note_verdicts(self, answer: Answer, batch: list[dict[str, Any]]) -> None:
        verdicts = [each for each in answer.get("verdicts", []) if each["index"] < len(batch)]
        self._report.unsent_events += len(batch) - len(verdicts)
        for verdict in verdicts:
            event_id = batch[verdict["index"]]["event_id"]
            if verdict["status"] == "accepted":
                self._report.accepted_event_ids.append(event_id)
                if event_id in self._late:
                    self._report.late_event_ids.append(event_id)
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
