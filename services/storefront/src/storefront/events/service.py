"""The intake's decisions: which events are good, whose they are, and when the client is told."""

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, Final

from prometheus_client import Counter
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from fashion_contracts.events import SERVER_TYPES, Interaction
from fashion_kit.clock import Clock
from fashion_kit.errors import UnprocessableError
from fashion_kit.problems import UnreadableBodyError
from fashion_kit.tokens import Identity
from storefront.events.publisher import BadEventStore, StreamBatcher
from storefront.events.schemas import MAX_EVENTS, BadEvent
from storefront.stream import StreamRecord

# Only the server says these.
SERVER_FIELDS: Final = frozenset({"received_at", "purchase_id"})
# The prefix keeps strangers out of a user's history: no user's id looks like this.
ANONYMOUS_ID: Final = re.compile(r"anon-[A-Za-z0-9-]{8,58}")
EVENT_ID_SHOWN: Final = 64

_EVENTS = Counter("events", "Events judged.", ["verdict"])
ACCEPTED = _EVENTS.labels("accepted")
REJECTED = _EVENTS.labels("rejected")

_interaction = TypeAdapter(Interaction)


class InvalidBatchError(UnprocessableError):
    """Raised when a body is JSON but not a batch of 1 to 500 events."""

    def __init__(self) -> None:
        super().__init__(f'The body must be {{"events": [...]}} with 1 to {MAX_EVENTS} events.')


class RejectedEvent(Exception):  # noqa: N818 - a verdict, not a failure
    """Raised when one event is not good; the rest of its batch goes on."""


class EventService:
    """Judges events, puts the good on the stream, keeps the bad, and then says so."""

    def __init__(
        self, stream: StreamBatcher, bad_events: BadEventStore, pool: Executor, *, clock: Clock
    ) -> None:
        self._stream = stream
        self._bad_events = bad_events
        self._pool = pool
        self._clock = clock

    async def take(self, body: bytes, identity: Identity | None) -> bytes:
        """Return the receipt as JSON, once every event is on the stream or kept as bad.

        Whether a product exists is not asked here: the consumers pass over ids they do not know.
        """
        received_at = self._clock()
        records: list[StreamRecord] = []
        rejected: list[BadEvent] = []
        verdicts: list[dict[str, Any]] = []
        for index, raw in enumerate(read_batch(body)):
            verdict = {"index": index, **_named(raw)}
            try:
                records.append(StreamRecord.of(judge(raw, identity, received_at)))
                verdicts.append(verdict | {"status": "accepted"})
            except RejectedEvent as error:
                rejected.append(
                    BadEvent(reason=str(error), raw=raw, received_at=received_at.isoformat())
                )
                verdicts.append(verdict | {"status": "rejected", "reason": str(error)})
        await self._deliver(records, rejected, received_at)
        receipt = {"accepted": len(records), "rejected": len(rejected), "verdicts": verdicts}
        return to_json(receipt)

    async def _deliver(
        self, records: list[StreamRecord], rejected: list[BadEvent], received_at: datetime
    ) -> None:
        if rejected:
            await asyncio.get_running_loop().run_in_executor(
                self._pool, self._bad_events.keep, rejected, received_at
            )
            REJECTED.inc(len(rejected))
        await self._stream.submit(records)
        ACCEPTED.inc(len(records))


def read_batch(body: bytes) -> list[Any]:
    """Return the batch's events, unjudged."""
    try:
        batch = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise UnreadableBodyError from error
    events = batch.get("events") if isinstance(batch, dict) else None
    if not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS:
        raise InvalidBatchError
    return events


def judge(raw: Any, identity: Identity | None, received_at: datetime) -> Interaction:
    """Return the event, stamped with its time and its true shopper, or raise RejectedEvent."""
    if not isinstance(raw, dict):
        raise RejectedEvent("an event is a JSON object")
    if forged := sorted(SERVER_FIELDS & raw.keys()):
        raise RejectedEvent(f"{forged[0]}: only the server says this")
    owner = _owner(raw, identity)
    try:
        event = _interaction.validate_python({**raw, **owner, "received_at": received_at})
    except ValidationError as error:
        raise RejectedEvent(_reason(error)) from error
    if event.type in SERVER_TYPES:
        raise RejectedEvent(f"{event.type}: only the server sends this")
    return event


def _owner(raw: Mapping[str, Any], identity: Identity | None) -> dict[str, str]:
    anonymous_id = raw.get("anonymous_id")
    if anonymous_id is not None and not (
        isinstance(anonymous_id, str) and ANONYMOUS_ID.fullmatch(anonymous_id)
    ):
        raise RejectedEvent("anonymous_id: must be anon- and 8 to 58 letters, digits or hyphens")
    user_id = raw.get("user_id")
    if identity is None:
        if user_id is not None:
            raise RejectedEvent("user_id: needs that user's bearer token")
        return {}
    if user_id is not None and user_id != identity.user_id:
        raise RejectedEvent("user_id: is not the bearer's")
    return {"user_id": identity.user_id}


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _named(raw: Any) -> dict[str, str]:
    event_id = raw.get("event_id") if isinstance(raw, dict) else None
    return {"event_id": event_id[:EVENT_ID_SHOWN]} if isinstance(event_id, str) else {}
