"""The intake's decisions: which events are good, whose they are, and when the client is told."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from prometheus_client import Counter
from pydantic_core import from_json, to_json

from fashion_kit import tracing
from fashion_kit.clock import Clock
from fashion_kit.errors import UnauthorizedError, UnprocessableError
from fashion_kit.problems import UnreadableBodyError
from fashion_kit.tokens import Identity
from storefront.events.dialects import canonical, events_of
from storefront.events.judging import Judge, RejectedEvent, refuses_consent, without_identity
from storefront.events.publisher import BadEventStore
from storefront.events.quick import judge_quickly, read_quickly
from storefront.events.recent import RecentEvents
from storefront.events.schemas import MAX_EVENTS, BadEvent
from storefront.stream import StreamRecord

EVENT_ID_SHOWN: Final = 64

_EVENTS = Counter("events", "Events judged.", ["verdict"])
ACCEPTED = _EVENTS.labels("accepted")
REJECTED = _EVENTS.labels("rejected")

Identify = Callable[[str], Awaitable[Identity]]
"""Says who a bearer token is of, or raises UnauthorizedError."""


class InvalidBatchError(UnprocessableError):
    """Raised when a body is JSON but not a batch of 1 to 500 events."""

    def __init__(self) -> None:
        super().__init__(f'The body must be {{"events": [...]}} with 1 to {MAX_EVENTS} events.')


class EventSink(Protocol):
    """Where accepted events go. They are safe when it returns."""

    async def submit(self, items: Sequence[StreamRecord]) -> object:
        """Take the records, together and in this order."""


class EventService:
    """Judges events, puts the good on the stream, keeps the bad, and then says so."""

    def __init__(
        self,
        sink: EventSink,
        bad_events: BadEventStore,
        judge: Judge,
        *,
        clock: Clock,
        identify: Identify,
        recent: RecentEvents | None = None,
    ) -> None:
        self._sink = sink
        self._bad_events = bad_events
        self._judge = judge
        self._clock = clock
        self._identify = identify
        self._recent = recent

    async def take(self, body: bytes, token: str | None) -> bytes:
        """Return the receipt as JSON, once every event is safe or kept as bad.

        Whether a product exists is not asked here: the consumers pass over ids they do not know.
        """
        identity = None if token is None else await self._identify(token)
        received_at, traceparent = self._clock(), tracing.traceparent()
        if (batch := read_quickly(body)) is not None:
            if identity is None and batch.access_token is not None:
                identity = await self._identify(batch.access_token)
            tolerance = self._judge.clock_tolerance
            records = judge_quickly(batch, identity, received_at, tolerance, traceparent)
            if records is not None:
                await self._deliver(records, [])
                return batch.receipt()
        return await self._take_one_by_one(body, identity, received_at, traceparent)

    async def _take_one_by_one(
        self,
        body: bytes,
        identity: Identity | None,
        received_at: datetime,
        traceparent: str | None,
    ) -> bytes:
        batch = _read_json(body)
        if identity is None and (token := _token_of(batch)) is not None:
            identity = await self._identify(token)
        records: list[StreamRecord] = []
        rejected: list[BadEvent] = []
        verdicts: list[dict[str, Any]] = []
        for index, raw in enumerate(read_events(batch)):
            event = canonical(raw, identity)
            verdict = {"index": index, **_named(event)}
            try:
                good = self._judge.judge(event, identity, received_at, traceparent)
                records.append(StreamRecord.of(good))
                verdicts.append(verdict | {"status": "accepted"})
            except RejectedEvent as error:
                rejected.append(_bad_event(raw, event, str(error), identity, received_at))
                verdicts.append(verdict | {"status": "rejected", "reason": str(error)})
        await self._deliver(records, rejected)
        receipt = {"accepted": len(records), "rejected": len(rejected), "verdicts": verdicts}
        return to_json(receipt)

    async def _deliver(self, records: list[StreamRecord], rejected: list[BadEvent]) -> None:
        if rejected:
            await self._bad_events.keep(rejected)
            REJECTED.inc(len(rejected))
        with tracing.span("clickstream publish", "producer"):
            await self._sink.submit(records)
        ACCEPTED.inc(len(records))
        if self._recent is not None:
            self._recent.note(records, rejected)


def read_events(batch: Any) -> list[Any]:
    """Return the batch's events, unjudged."""
    events = events_of(batch)
    if events is None or not 1 <= len(events) <= MAX_EVENTS:
        raise InvalidBatchError
    return events


def _read_json(body: bytes) -> Any:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise UnreadableBodyError from error


def _token_of(batch: Any) -> str | None:
    token = batch.get("access_token") if isinstance(batch, dict) else None
    if token is None or isinstance(token, str):
        return token
    raise UnauthorizedError("access_token is a bearer token, as text.")


def _bad_event(
    raw: Any, event: Any, reason: str, identity: Identity | None, received_at: datetime
) -> BadEvent:
    if isinstance(event, dict) and refuses_consent(event):
        return BadEvent(reason=reason, raw=without_identity(event), received_at=received_at)
    owner = None if identity is None else identity.user_id
    return BadEvent(reason=reason, raw=raw, received_at=received_at, owner=owner)


def _named(event: Any) -> dict[str, str]:
    event_id = event.get("event_id") if isinstance(event, dict) else None
    return {"event_id": event_id[:EVENT_ID_SHOWN]} if isinstance(event_id, str) else {}
