"""The quick judgement: an event in our own words is decoded, judged and written in one go.

It takes a quarter of the work of the contract's model and accepts less, never more: what it does
not accept is for `judging` to decide, which also knows the reason. A test holds that both make the
same of an event.
"""

import re
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.json import Decoder, Encoder

from fashion_contracts.events import ALIASES, PRODUCT_TYPES, SCHEMA, SERVER_TYPES, EventType
from fashion_kit.tokens import Identity
from storefront.dependencies import Role
from storefront.events.judging import true_time
from storefront.events.schemas import MAX_EVENTS
from storefront.stream import StreamRecord

_TYPES: Final = {
    name: str(kind)
    for name, kind in {**{str(kind): kind for kind in EventType}, **ALIASES}.items()
    if kind not in SERVER_TYPES
}
_IDENTIFIER: Final = r"\A[A-Za-z0-9._:-]{1,64}\Z"
_is_identifier: Final = re.compile(_IDENTIFIER).match

_Identifier = Annotated[str, Meta(pattern=_IDENTIFIER)]
_AnonymousId = Annotated[str, Meta(pattern=r"\Aanon-[A-Za-z0-9-]{8,58}\Z")]
# As browsers and servers write it. Kept as text: reading it is enough, and costs less.
_Instant = Annotated[
    str,
    Meta(pattern=r"(?a)\A\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,6})?Z\Z"),
]
_Price = Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]{0,9})\.[0-9]{2}\Z")]
_Currency = Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")]
_Url = Annotated[str, Meta(max_length=2048)]


class _List(Struct, forbid_unknown_fields=True):
    id: _Identifier
    position: Annotated[int, Meta(ge=0, lt=100_000)]


class _Page(Struct, forbid_unknown_fields=True, omit_defaults=True):
    url: _Url
    referrer: _Url | None = None


class _Context(Struct, forbid_unknown_fields=True, omit_defaults=True):
    user_agent: Annotated[str, Meta(max_length=512)] | None = None
    locale: Annotated[str, Meta(max_length=35)] | None = None


class _Event(Struct, forbid_unknown_fields=True, omit_defaults=True):
    event_id: _Identifier
    type: str
    session_id: _Identifier
    event_time: _Instant
    schema: Literal["interaction/1"] = SCHEMA
    user_id: str | None = None
    anonymous_id: _AnonymousId | None = None
    product_id: Annotated[int, Meta(ge=1, lt=2**32)] | None = None
    quantity: Annotated[int, Meta(ge=1, le=1000)] | None = None
    price: _Price | None = None
    currency: _Currency | None = None
    query: Annotated[str, Meta(max_length=256)] | None = None
    list: _List | None = None
    recommendation_id: _Identifier | None = None
    sent_at: _Instant | None = None
    page: _Page | None = None
    consent: bool | None = None
    context: _Context | None = None
    traceparent: Annotated[str, Meta(max_length=55)] | None = None


class QuickBatch(Struct, forbid_unknown_fields=True):
    """A body whose events are all in our own words."""

    events: Annotated[list[_Event], Meta(min_length=1, max_length=MAX_EVENTS)]
    access_token: str | None = None

    def receipt(self) -> bytes:
        """Return the answer to a batch of which everything was accepted."""
        verdicts = ",".join(
            f'{{"index":{index},"event_id":"{event.event_id}","status":"accepted"}}'
            for index, event in enumerate(self.events)
        )
        count = len(self.events)
        return f'{{"accepted":{count},"rejected":0,"verdicts":[{verdicts}]}}'.encode()


_decode: Final = Decoder(QuickBatch).decode
_encode: Final = Encoder().encode


def read_quickly(body: bytes) -> QuickBatch | None:
    """Return the batch, or None if it needs a closer look."""
    try:
        return _decode(body)
    except (ValueError, RecursionError):
        return None


def judge_quickly(
    batch: QuickBatch,
    identity: Identity | None,
    received_at: datetime,
    tolerance: timedelta,
    traceparent: str | None = None,
) -> list[StreamRecord] | None:
    """Return the events as the stream's records, or None if one of them needs a closer look.

    The traceparent is the request's; an event that brings its own keeps that.
    """
    owner = None if identity is None else identity.user_id
    if owner is not None and not _is_identifier(owner):
        return None
    is_guest = identity is not None and identity.role == Role.ANONYMOUS
    tail = f',"schema":"{SCHEMA}","received_at":"{_text(received_at)}"'
    if owner is not None:
        tail += f',"{"anonymous_id" if is_guest else "user_id"}":"{owner}"'
    records = []
    for event in batch.events:
        shopper = _claim(event, owner, is_guest=is_guest)
        if shopper is None or not _is_whole(event):
            return None
        try:
            client_time = _correct_time(event, received_at, tolerance)
        except (ValueError, OverflowError):
            return None
        if event.traceparent is None:
            event.traceparent = traceparent
        corrected = "" if client_time is None else f',"client_time":"{client_time}"'
        line = _encode(event)[:-1] + f"{tail}{corrected}}}\n".encode()
        records.append(StreamRecord(shopper, line))
    return records


def _claim(event: _Event, owner: str | None, *, is_guest: bool) -> str | None:
    """Return whose event it is, and take that out of it where `owner` says it; None if in doubt."""
    if owner is None or is_guest:
        if event.user_id is not None:
            return None
        if owner is None:
            return event.anonymous_id
        claimed, event.anonymous_id = event.anonymous_id, None
    else:
        claimed, event.user_id = event.user_id, None
    return owner if claimed is None or claimed == owner else None


def _is_whole(event: _Event) -> bool:
    kind = _TYPES.get(event.type)
    if kind is None or event.consent is False:
        return False
    event.type = kind
    if kind in PRODUCT_TYPES and event.product_id is None:
        return False
    return kind != EventType.SEARCH or bool(event.query)


def _correct_time(event: _Event, received_at: datetime, tolerance: timedelta) -> str | None:
    """Put the true time into the event; return the client's if it was another one."""
    happened_at = datetime.fromisoformat(event.event_time)
    sent_at = None if event.sent_at is None else datetime.fromisoformat(event.sent_at)
    corrected = true_time(happened_at, sent_at, received_at, tolerance)
    if corrected == happened_at:
        return None
    client_time, event.event_time = event.event_time, _text(corrected)
    return client_time


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
