"""Bad lines: a row each on one day, with a reason that gives away nothing of what they say."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.events.intake import IntakeCounts
from exporter.events.landing import BadLine
from exporter.events.lines import Line
from exporter.events.parsing import parse
from exporter.settings import ExporterSettings
from fashion_contracts.lake import BAD_EVENTS

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
END = datetime(2026, 11, 22, 17, tzinfo=UTC)
SECRET = "quirina-zwetschgenbaum@mailbox.example"
GOOD = {
    "event_id": "e",
    "type": "product_view",
    "user_id": "u",
    "session_id": "s",
    "product_id": 1,
    "event_time": "2026-11-22T05:00:00Z",
    "received_at": "2026-11-22T05:00:00Z",
    "list": {"id": "l", "position": 1},
    "page": {"url": "https://shop.example/"},
}

Deliver = Callable[..., str]
LoadEvents = Callable[[ExporterSettings, date], IntakeCounts]
Rows = Callable[..., list[dict[str, Any]]]


def test_a_bad_line_is_a_row_of_the_day_it_was_delivered_on_and_of_no_other(
    zones: ExporterSettings, deliver: Deliver, load_events: LoadEvents, rows: Rows
) -> None:
    noon = deliver(zones, NOON, "{", SECRET)
    after = deliver(zones, END + timedelta(hours=1), "no json")

    first = load_events(zones, DAY)
    second = load_events(zones, DAY + timedelta(days=1))

    assert (first.bad, first.of_other_days, second.bad) == (2, 1, 1)
    found = rows(zones, BAD_EVENTS)
    assert [(row["source_key"], row["line_number"], row["business_day"]) for row in found] == [
        (noon, 1, DAY),
        (noon, 2, DAY),
        (after, 1, DAY + timedelta(days=1)),
    ]
    assert SECRET not in json.dumps([row["reason"] for row in found])


@given(
    st.sampled_from([*GOOD, "anything"]),
    st.sampled_from(["value", "field", "inner field"]),
)
def test_a_reason_never_holds_what_was_sent(name: str, place: str) -> None:
    wrong = {
        "value": GOOD | {name: SECRET},
        "field": GOOD | {SECRET: name},
        "inner field": GOOD | {name: {SECRET: SECRET}},
    }[place]

    parsed = parse("key", Line(1, json.dumps(wrong).encode()))

    assert isinstance(parsed, BadLine)
    assert "zwetschgenbaum" not in parsed.reason
    assert parsed.reason
