"""Late deliveries: an event ends in its own day, even if that was loaded long before it came."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from exporter.bootstrap import open_late_marks
from exporter.events.intake import IntakeCounts
from exporter.settings import ExporterSettings
from fashion_contracts.lake import EVENTS

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
TWO_DAYS = timedelta(days=2)

Deliver = Callable[..., str]
Event = Callable[..., dict[str, Any]]
LoadEvents = Callable[[ExporterSettings, date], IntakeCounts]
Objects = Callable[[str], dict[str, bytes]]
Rows = Callable[..., list[dict[str, Any]]]


def test_an_event_delivered_two_days_late_ends_in_its_own_day_and_stays_there(
    zones: ExporterSettings, deliver: Deliver, event: Event, load_events: LoadEvents, rows: Rows
) -> None:
    deliver(zones, NOON, event("on-time", NOON))
    for day in (DAY, DAY + ONE_DAY):
        load_events(zones, day)
    deliver(zones, NOON + TWO_DAYS, event("late", NOON), event("e3", NOON + TWO_DAYS))

    met = load_events(zones, DAY + TWO_DAYS)
    late = open_late_marks(zones).late_days()
    for day in (*late, DAY, DAY + TWO_DAYS):
        load_events(zones, day)

    assert met.late == {"2026-11-22": 1}
    assert late == [DAY]
    assert {row["event_id"]: row["business_day"] for row in rows(zones, EVENTS)} == {
        "on-time": DAY,
        "late": DAY,
        "e3": DAY + TWO_DAYS,
    }
    assert open_late_marks(zones).late_days() == []


def test_an_object_is_marked_once_however_often_it_is_met(
    zones: ExporterSettings,
    deliver: Deliver,
    event: Event,
    load_events: LoadEvents,
    objects: Objects,
) -> None:
    load_events(zones, DAY)
    deliver(zones, NOON + ONE_DAY, event("e1", NOON), event("e2", NOON))

    load_events(zones, DAY + ONE_DAY)
    once = [key for key in objects(zones.clean_bucket) if key.startswith("ledger/late/")]
    load_events(zones, DAY + ONE_DAY)

    again = [key for key in objects(zones.clean_bucket) if key.startswith("ledger/late/")]
    assert len(once) == 1
    assert again == once


def test_a_day_that_was_never_loaded_is_not_late_and_its_first_load_finds_the_event(
    zones: ExporterSettings, deliver: Deliver, event: Event, load_events: LoadEvents
) -> None:
    deliver(zones, NOON + TWO_DAYS, event("e1", NOON))
    load_events(zones, DAY + TWO_DAYS)

    assert open_late_marks(zones).late_days() == []
    assert load_events(zones, DAY).kept == 1


def test_what_the_earlier_day_has_already_makes_it_not_late(
    zones: ExporterSettings, deliver: Deliver, event: Event, load_events: LoadEvents
) -> None:
    deliver(zones, NOON, event("e1", NOON))
    deliver(zones, NOON + ONE_DAY, event("e1", NOON))
    load_events(zones, DAY)

    met = load_events(zones, DAY + ONE_DAY)

    assert (met.of_other_days, met.late) == (1, {})
    assert open_late_marks(zones).late_days() == []


def test_a_marked_object_that_is_gone_is_passed_over(
    zones: ExporterSettings, load_events: LoadEvents
) -> None:
    open_late_marks(zones).mark(DAY, ["events/dt=2026-11-25/hour=05/gone.gz"])

    assert load_events(zones, DAY).lines == 0
