"""The quick judgement and the contract's model: whatever comes, they make the same of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic_core import from_json
from services.storefront.tests.events.conftest import VIEW

from fashion_contracts.events import ALIASES, EventType, Interaction
from fashion_kit.ids import new_id
from fashion_kit.tokens import Identity
from storefront.events.judging import Judge, RejectedEvent
from storefront.events.quick import judge_quickly, read_quickly
from storefront.stream import StreamRecord

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
TOLERANCE = timedelta(seconds=2)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
JUDGE = Judge(TOLERANCE, new_id)

IDENTITIES = st.sampled_from(
    [None, Identity("u-1"), Identity("u 1"), Identity("anon-0123456789", "anonymous")]
)
texts = st.text(max_size=5) | st.sampled_from(["é\u2028", "a\nb", "e\n", "\x00", "x" * 65, "0"])
identifiers = st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True)
instants = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
times = (
    instants
    | instants.map(lambda text: text.replace("+00:00", "Z"))
    | st.datetimes(NOW.replace(tzinfo=None) - timedelta(hours=1), NOW.replace(tzinfo=None)).map(
        lambda time: time.isoformat() + "Z"
    )
    | st.sampled_from(
        [
            *("2026-03-01T12:00:00.1Z", "2026-03-01T12:00:00.1234567Z", "2026-03-01T24:00:00Z"),
            *("2026-03-01T12:00:60Z", "2026-02-30T12:00:00Z", "0000-01-01T00:00:00Z"),
            *("2026-03-01T12:00:00+05:30", "2026-03-01 12:00:00Z", "2026-03-01T12:00:00"),
            *("2026-03-01T12:00:00Z\n", "\u0662026-03-01T12:00:00Z", 1772366400, None),
        ]
    )
)
types = st.sampled_from([*map(str, EventType), *ALIASES, "teleport", None])
anonymous_ids = st.sampled_from(
    ["anon-0123456789", "anon-12345678", "anon-x", "u-1", "anon-0123456789\n", None, ""]
)
prices = st.sampled_from(
    ["9.90", "0.00", "1299.00", "007.50", "1.5", "12345678901.00", "-1.00", "1e2", 5, 9.9, None]
)
positions = st.integers(-1, 100_000)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "event_id": identifiers | texts,
    "schema": st.sampled_from(["interaction/1", "interaction/2", None]),
    "type": types,
    "user_id": st.sampled_from(["u-1", "u-2", "u 1", None, 1]),
    "anonymous_id": anonymous_ids,
    "session_id": identifiers | texts,
    "product_id": st.integers(-1, 2**33) | st.sampled_from([1.0, "7", True, None, 1.5]),
    "quantity": st.integers(0, 1001) | st.sampled_from(["1", None, 1.0]),
    "price": prices,
    "currency": st.sampled_from(["INR", "inr", "INRX", "INR\n", None]),
    "query": texts | st.sampled_from(["q" * 256, "q" * 257, None]),
    "list": st.none() | st.fixed_dictionaries({"id": identifiers, "position": positions}),
    "recommendation_id": st.none() | identifiers | texts,
    "event_time": times,
    "sent_at": times,
    "page": st.sampled_from(
        [
            None,
            {"url": "u"},
            {"url": "u", "referrer": None},
            {"url": "x" * 2049},
            {},
            {"url": "", "a": 1},
        ]
    ),
    "consent": st.sampled_from([True, None, "yes", 1]),
    "context": st.sampled_from([None, {}, {"locale": "en"}, {"user_agent": "m" * 513}, {"a": 1}]),
    "traceparent": st.sampled_from(["00-1-2-3", "t" * 55, "t" * 56, None]),
    "received_at": st.just("2026-01-01T00:00:00Z"),
    "client_time": st.none(),
    "purchase_id": identifiers,
    "unheard_of": st.none(),
}
PLAIN = ("type", "anonymous_id", "user_id", "event_time", "sent_at", "consent", "context", "list")
mutations = st.lists(st.sampled_from(sorted(FIELDS)), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: FIELDS[name] for name in names})
)
plain_mutations = st.lists(st.sampled_from(PLAIN), max_size=4).flatmap(
    lambda names: st.fixed_dictionaries({name: FIELDS[name] for name in names})
)
events = st.builds(lambda change: VIEW | change, mutations | plain_mutations)


def by_the_model(
    body: bytes, identity: Identity | None, traceparent: str | None
) -> list[StreamRecord | None]:
    found: list[StreamRecord | None] = []
    for raw in from_json(body)["events"]:
        try:
            found.append(StreamRecord.of(JUDGE.judge(raw, identity, NOW, traceparent)))
        except RejectedEvent:
            found.append(None)
    return found


def quickly(
    body: bytes, identity: Identity | None, traceparent: str | None = None
) -> list[StreamRecord] | None:
    batch = read_quickly(body)
    return None if batch is None else judge_quickly(batch, identity, NOW, TOLERANCE, traceparent)


@given(
    batch=st.lists(events, min_size=1, max_size=3),
    identity=IDENTITIES,
    traceparent=st.sampled_from([None, TRACEPARENT]),
)
@settings(max_examples=400)
@example(
    batch=[VIEW | {"event_time": "2026-03-01T12:00:00.1234567Z"}], identity=None, traceparent=None
)
@example(
    batch=[VIEW | {"event_time": "2026-03-01T12:30:16Z"}],
    identity=Identity("u-1"),
    traceparent=None,
)
@example(
    batch=[VIEW | {"event_time": "0001-01-01T00:00:00Z", "sent_at": "9999-01-01T00:00:00Z"}],
    identity=None,
    traceparent=None,
)
def test_what_it_accepts_is_what_the_model_makes_of_it(
    batch: list[dict[str, Any]], identity: Identity | None, traceparent: str | None
) -> None:
    body = json.dumps({"events": batch}).encode()
    quick = quickly(body, identity, traceparent)
    if quick is None:
        return
    slow = by_the_model(body, identity, traceparent)
    assert len(quick) == len(slow)
    for ours, models in zip(quick, slow, strict=True):
        assert models is not None
        assert ours.partition_key == models.partition_key
        assert ours.data.count(b"\n") == 1
        assert ours.data.endswith(b"\n")
        assert Interaction.from_record(ours.data) == Interaction.from_record(models.data)
        # What reads the lines without the model finds the same members and UTC.
        mine, theirs = json.loads(ours.data), json.loads(models.data)
        assert mine.keys() == theirs.keys()
        assert mine["event_time"].endswith("Z")


@given(body=st.binary() | st.text().map(str.encode))
def test_it_passes_on_whatever_is_no_batch(body: bytes) -> None:
    assert read_quickly(body) is None


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"type": "view_item"},
        {"type": "search", "query": 'bl\u00fce \u2028 "shirt"', "product_id": None},
        {"price": "9.90", "currency": "INR", "quantity": 2},
        {"page": {"url": "https://shop.example"}, "context": {"locale": "en-IN"}},
        {"list": {"id": "search", "position": 3}, "recommendation_id": "r-1", "consent": True},
        {"event_time": "2026-03-01T12:00:00.123Z", "sent_at": "2026-03-01T12:30:15Z"},
        {"event_time": "2020-03-01T12:00:00Z", "sent_at": "2020-03-01T12:00:09Z"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "identity", [None, Identity("u-1"), Identity("anon-12345678", "anonymous")], ids=str
)
def test_it_accepts_what_websites_send(change: dict[str, Any], identity: Identity | None) -> None:
    assert quickly(json.dumps({"events": [VIEW | change]}).encode(), identity) is not None


def test_a_record_has_no_more_newlines_than_one() -> None:
    body = json.dumps({"events": [VIEW | {"query": "a\nb\r\u2028"}]}).encode()
    (record,) = quickly(body, None) or []
    assert record.data.splitlines() == [record.data[:-1]]
