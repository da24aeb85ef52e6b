"""Events in the words of others, put into ours: the workshop, GA4, Personalize, Snowplow.

Only an event without a `type` is looked at. What cannot be translated stays as it is, and the
judge says what is wrong with it. A user id of elsewhere proves nothing: the bearer token says who
it is, and without one the browser's id, or else the user's, becomes an anonymous id.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from pydantic_core import from_json, to_json

from fashion_kit.tokens import Identity
from storefront.events.snowplow import snowplow_fields

Fields = dict[str, Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?", re.ASCII)
_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_ANONYMOUS: Final = re.compile(r"(anon-)?([A-Za-z0-9-]{8,58})")
_ENVELOPES: Final = {
    "events": ("client_id", "app_instance_id", "user_id", "timestamp_micros"),
    "eventList": ("userId", "sessionId"),
    "data": (),
}
"""Where a batch keeps its events, and what it says of all of them."""


def events_of(batch: Any) -> list[Any] | None:
    """Return the batch's events, each with what was said of all of them; None if it is no batch."""
    if isinstance(batch, list):
        return batch
    if not isinstance(batch, dict):
        return None
    for name, shared in _ENVELOPES.items():
        if isinstance(events := batch.get(name), list):
            common = {key: batch[key] for key in shared if key in batch}
            return [_with_common(event, common) for event in events]
    if "type" in batch or any(marker in batch for marker, _ in _DIALECTS):
        return [{key: value for key, value in batch.items() if key != "access_token"}]
    return None


def canonical(raw: Any, identity: Identity | None) -> Any:
    """Return the event in our own words, if it is in words that are known."""
    if not isinstance(raw, dict) or "type" in raw:
        return raw
    for marker, fields_of in _DIALECTS:
        if marker in raw:
            return _finished(fields_of(raw), raw, identity)
    return raw


def _with_common(event: Any, common: Fields) -> Any:
    # Only for words of elsewhere: of ours, nothing is said outside of the event.
    is_foreign = isinstance(event, dict) and "type" not in event
    return {**common, **event} if common and is_foreign else event


def _workshop(raw: Fields) -> Fields:
    return {
        "type": raw.get("event_type"),
        "user": raw.get("user_id"),
        "event_time": _time(raw.get("timestamp"), per_second=1),
        **_same(raw, "session_id", "anonymous_id", "product_id", "quantity", "price", "currency"),
    }


def _ga4(raw: Fields) -> Fields:
    params = _object(raw.get("params"))
    items = params.get("items")
    item = _object(items[0]) if isinstance(items, list) and items else {}
    list_id = params.get("item_list_id") or item.get("item_list_id")
    return {
        "type": raw.get("name"),
        "anonymous_id": raw.get("client_id") or raw.get("app_instance_id"),
        "user": raw.get("user_id"),
        "session_id": params.get("session_id") or params.get("ga_session_id"),
        "product_id": item.get("item_id"),
        "query": params.get("search_term"),
        "currency": params.get("currency"),
        "list": {"id": list_id, "position": item.get("index", 0)} if list_id else None,
        "page": _page(params.get("page_location"), params.get("page_referrer")),
        "event_time": _time(raw.get("timestamp_micros"), per_second=1_000_000),
        **_same(item, "quantity", "price"),
    }


def _personalize(raw: Fields) -> Fields:
    properties = _object(raw.get("properties"))
    return {
        "event_id": raw.get("eventId"),
        "type": raw.get("eventType"),
        "user": raw.get("userId"),
        "session_id": raw.get("sessionId"),
        "product_id": raw.get("itemId"),
        "recommendation_id": raw.get("recommendationId"),
        "event_time": _time(raw.get("sentAt"), per_second=1),
        **_same(properties, "quantity", "price", "currency", "query"),
    }


def _snowplow(raw: Fields) -> Fields:
    fields = snowplow_fields(raw)
    for name in ("event_time", "sent_at"):
        fields[name] = _time(fields[name], per_second=1_000)
    fields["page"] = _page(raw.get("url"), raw.get("refr"))
    return fields


_DIALECTS: Final[tuple[tuple[str, Callable[[Fields], Fields]], ...]] = (
    ("event_type", _workshop),
    ("eventType", _personalize),
    ("name", _ga4),
    ("e", _snowplow),
)
"""By which member each is known, and how it is put into our words."""


def _finished(fields: Fields, raw: Fields, identity: Identity | None) -> Fields:
    user = fields.pop("user", None)
    shopper = _anonymous_id(fields.get("anonymous_id") or user)
    if identity is None:
        fields["anonymous_id"] = shopper
    else:
        fields["anonymous_id"] = None
        shopper = identity.user_id
    # Who says nothing of visits has one.
    fields["session_id"] = _identifier(fields.get("session_id")) or shopper
    fields["product_id"] = _whole_number(fields.get("product_id"))
    fields["consent"] = raw.get("consent")
    if fields.get("event_id") is None:
        fields["event_id"] = _derived_id(raw, identity)
    return {name: value for name, value in fields.items() if value is not None}


def _derived_id(raw: Fields, identity: Identity | None) -> str:
    """Return an id that the same event gets again when it is sent again."""
    owner = None if identity is None else identity.user_id
    return f"derived-{_digest([owner, sorted(raw.items())])}"


def _anonymous_id(value: Any) -> str | None:
    text = _text(value)
    if text is None:
        return None
    if text.isdigit():
        text = text.zfill(8)
    match = _ANONYMOUS.fullmatch(text)
    return f"anon-{match[2] if match else _digest(text)}"


def _identifier(value: Any) -> str | None:
    text = _text(value)
    return text if text is None or _ID.fullmatch(text) else _digest(text)


def _digest(value: Any) -> str:
    return sha256(to_json(value)).hexdigest()[:32]


def _whole_number(value: Any) -> Any:
    # Ids of products are text in most of the others' words.
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20
    return int(value) if is_number else value


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        return None
    return str(value)


def _object(value: Any) -> Fields:
    """Return the object, be it plain or as JSON in a text."""
    if isinstance(value, str):
        try:
            value = from_json(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _same(raw: Mapping[str, Any], *names: str) -> Fields:
    return {name: raw.get(name) for name in names}


def _page(url: Any, referrer: Any) -> Fields | None:
    return None if url is None else {"url": url, **({"referrer": referrer} if referrer else {})}


def _time(value: Any, *, per_second: int) -> Any:
    """Return the instant as text with its zone, or the value itself if it is none."""
    number = _whole_number(value)
    if isinstance(number, int | float) and not isinstance(number, bool):
        try:
            since = timedelta(microseconds=number * (1_000_000 // per_second))
            return (_EPOCH + since).isoformat()
        except OverflowError:
            return str(number)
    # The others that write naive times mean UTC.
    return f"{value}Z" if isinstance(value, str) and _NAIVE_TIME.fullmatch(value) else value
