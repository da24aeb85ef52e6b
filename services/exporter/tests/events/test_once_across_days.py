"""An event is in the lake once: however often it was sent, however late, in whatever order."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from exporter.bootstrap import open_late_marks
from exporter.events.intake import IntakeCounts
from exporter.settings import ExporterSettings
from fashion_contracts.lake import EVENTS

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
HAPPENED = (NOON - timedelta(hours=1)).isoformat()
ONE_DAY = timedelta(days=1)
NIGHTS = range(4)

Deliver = Callable[..., str]
Event = Callable[..., dict[str, Any]]
LoadEvents = Callable[[ExporterSettings, date], IntakeCounts]
Rows = Callable[..., list[dict[str, Any]]]

# An event's number, and how many days after it happened it was received, and then delivered.
deliveries = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(NIGHTS), st.integers(0, 2)), min_size=1, max_size=8
)


@hypothesis(max_examples=8)
@given(
    deliveries,
    st.lists(st.sampled_from(NIGHTS), max_size=3),
    st.permutations([night + late for night in NIGHTS for late in (0, 2)]),
)
def test_any_deliveries_loaded_in_any_order_give_each_event_once(
    new_zones: Callable[..., ExporterSettings],
    deliver: Deliver,
    event: Event,
    load_events: LoadEvents,
    rows: Rows,
    deliveries: list[tuple[int, int, int]],
    early: list[int],
    nights: list[int],
) -> None:
    zones = new_zones(lookup_rows=2)
    for night in early:
        # What these loads met was not there yet, so everything comes after them.
        load_events(zones, DAY + night * ONE_DAY)
    for number, received, delay in deliveries:
        at = NOON + received * ONE_DAY
        deliver(zones, at + delay * ONE_DAY, event(f"e{number}", at, event_time=HAPPENED))

    for night in nights:
        load_events(zones, DAY + night * ONE_DAY)
        counted = Counter(row["event_id"] for row in rows(zones, EVENTS))
        assert max(counted.values(), default=1) == 1
    marks = open_late_marks(zones)
    while late := marks.late_days():
        for day in late:
            load_events(zones, day)

    found = {row["event_id"]: row["business_day"] for row in rows(zones, EVENTS)}
    sent: dict[str, set[date]] = {}
    for number, received, _ in deliveries:
        sent.setdefault(f"e{number}", set()).add(DAY + received * ONE_DAY)
    assert found.keys() == sent.keys()
    assert all(found[event_id] in days for event_id, days in sent.items())


@pytest.mark.parametrize("order", [(0, 9), (9, 0)], ids=["in order", "later day first"])
def test_a_retry_many_days_later_is_a_duplicate(
    order: tuple[int, int],
    zones: ExporterSettings,
    deliver: Deliver,
    event: Event,
    load_events: LoadEvents,
    rows: Rows,
) -> None:
    for days in (0, 9):
        at = NOON + days * ONE_DAY
        deliver(zones, at, event("e", at, event_time=HAPPENED))

    first, second = (load_events(zones, DAY + days * ONE_DAY) for days in order)

    assert (first.kept, second.kept, second.duplicates) == (1, 0, 1)
    assert [row["business_day"] for row in rows(zones, EVENTS)] == [DAY + order[0] * ONE_DAY]


def test_events_that_happened_at_the_ends_of_time_do_not_end_a_load(
    zones: ExporterSettings, deliver: Deliver, event: Event, load_events: LoadEvents
) -> None:
    years = ["0001", "1970", "9999", *(str(year) for year in range(1500, 1540))]
    lines = [event(f"e{year}", NOON, event_time=f"{year}-01-02T00:00:00Z") for year in years]
    deliver(zones, NOON, *lines)
    load_events(zones, DAY)

    assert load_events(zones, DAY).kept == len(years)
