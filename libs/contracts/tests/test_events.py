"""The interaction event: what is good, what is not, and that a record loses nothing."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fashion_contracts.events import (
    ALIASES,
    PRODUCT_TYPES,
    SERVER_TYPES,
    ClientEvent,
    Context,
    EventType,
    Interaction,
    ListPosition,
    Page,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
VIEW: dict[str, Any] = {
    "event_id": "e-1",
    "type": "product_view",
    "anonymous_id": "anon-12345678",
    "session_id": "s-1",
    "product_id": 7,
    "event_time": "2026-03-01T12:00:00Z",
}

IDENTIFIERS = st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=80)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=ZONES,
)
MONEY = st.decimals(0, Decimal("9999999999.99"), places=2)


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


INTERACTIONS = st.builds(
    Interaction,
    event_id=IDENTIFIERS,
    type=st.sampled_from(EventType),
    user_id=optional(IDENTIFIERS),
    anonymous_id=IDENTIFIERS,
    session_id=IDENTIFIERS,
    product_id=st.integers(1, 2**32 - 1),
    quantity=optional(st.integers(1, 1000)),
    price=optional(MONEY),
    currency=optional(st.just("INR")),
    query=TEXTS.filter(bool),
    list=optional(st.builds(ListPosition, id=IDENTIFIERS, position=st.integers(0, 99_999))),
    recommendation_id=optional(IDENTIFIERS),
    event_time=INSTANTS,
    sent_at=optional(INSTANTS),
    received_at=INSTANTS,
    page=optional(st.builds(Page, url=TEXTS, referrer=optional(TEXTS))),
    consent=optional(st.booleans()),
    context=optional(st.builds(Context, user_agent=optional(TEXTS), locale=st.none())),
    traceparent=optional(st.just("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")),
    purchase_id=optional(IDENTIFIERS),
)


@given(INTERACTIONS)
def test_a_record_loses_nothing(interaction: Interaction) -> None:
    assert Interaction.from_record(interaction.to_record()) == interaction


@given(INTERACTIONS)
def test_a_record_is_one_line_of_json_without_nulls(interaction: Interaction) -> None:
    record = interaction.to_record()
    assert record.endswith(b"\n")
    assert record.count(b"\n") == 1
    assert None not in json.loads(record).values()
    assert json.loads(record)["schema"] == "interaction/1"


@given(INTERACTIONS)
def test_instants_are_in_utc(interaction: Interaction) -> None:
    assert interaction.event_time.tzinfo is UTC


@pytest.mark.parametrize(("alias", "canonical"), ALIASES.items())
def test_names_of_elsewhere_are_understood(alias: str, canonical: EventType) -> None:
    event = ClientEvent.model_validate(VIEW | {"type": alias, "query": "shoes"})
    assert event.type is canonical


def test_no_alias_leads_to_what_only_the_server_says() -> None:
    assert not SERVER_TYPES & set(ALIASES.values())


@pytest.mark.parametrize("kind", sorted(PRODUCT_TYPES))
def test_an_event_about_a_product_names_it(kind: str) -> None:
    with pytest.raises(ValidationError, match="needs a product_id"):
        ClientEvent.model_validate({**VIEW, "type": kind, "product_id": None})


def test_a_search_says_for_what() -> None:
    with pytest.raises(ValidationError, match="needs a query"):
        ClientEvent.model_validate(VIEW | {"type": "search"})


@pytest.mark.parametrize("missing", ["event_id", "type", "session_id", "event_time"])
def test_what_every_event_has_is_required(missing: str) -> None:
    event = {name: value for name, value in VIEW.items() if name != missing}
    with pytest.raises(ValidationError, match=missing):
        ClientEvent.model_validate(event)


@pytest.mark.parametrize(
    "change",
    [
        {"event_id": ""},
        {"event_id": "x" * 65},
        {"event_id": "e 1"},
        {"event_id": "e-1\n"},
        {"type": "teleport"},
        {"schema": "interaction/2"},
        {"product_id": 0},
        {"product_id": 2**32},
        {"quantity": 0},
        {"price": "-1"},
        {"price": "1.001"},
        {"price": "NaN"},
        {"price": "Infinity"},
        {"currency": "inr"},
        {"event_time": "2026-03-01T12:00:00"},
        {"event_time": "0001-01-01T00:00:00+05:00"},
        {"event_time": "9999-12-31T23:59:59-05:00"},
        {"query": "x" * 257},
        {"list": {"id": "l", "position": -1}},
        {"page": {"url": "x" * 2049}},
        {"unheard_of": 1},
    ],
    ids=str,
)
def test_a_bad_value_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ClientEvent.model_validate(VIEW | change)


def test_a_shopper_is_the_user_before_the_anonymous_one() -> None:
    both = Interaction.model_validate(VIEW | {"user_id": "u-1", "received_at": NOON})
    assert both.shopper_id == "u-1"
    assert Interaction.model_validate(VIEW | {"received_at": NOON}).shopper_id == "anon-12345678"


def test_an_interaction_belongs_to_somebody() -> None:
    nobodys = {**VIEW, "anonymous_id": None, "received_at": NOON}
    with pytest.raises(ValidationError, match="user_id or an anonymous_id"):
        Interaction.model_validate(nobodys)


def test_a_stamp_adds_the_servers_time_and_the_true_user() -> None:
    event = ClientEvent.model_validate(VIEW | {"price": "9.90"})
    stamped = Interaction.stamped(event, NOON, user_id="u-1")
    assert (stamped.received_at, stamped.user_id, stamped.price) == (NOON, "u-1", Decimal("9.90"))
    assert (
        ClientEvent.model_validate(
            stamped.model_dump(exclude={"received_at", "client_time", "purchase_id"}, by_alias=True)
            | {"user_id": None}
        )
        == event
    )
