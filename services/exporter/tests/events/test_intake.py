"""The day's events: each once, none lost to a bad neighbour, bad ones kept with their reasons."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from exporter.events.intake import EventsOfDay, IntakeCounts
from exporter.events.landing import LandingZone
from exporter.settings import ExporterSettings
from fashion_kit.aws import client

# 22 November in Ho Chi Minh City, which is seven hours ahead of UTC all year.
START = datetime(2026, 11, 21, 17, tzinfo=UTC)
END = START + timedelta(days=1)
NOON = START + timedelta(hours=12)
TICK = timedelta(microseconds=1)

Event = Callable[..., dict[str, Any]]
Deliver = Callable[..., str]
Read = Callable[[], tuple[list[str], IntakeCounts]]


@pytest.fixture
def read(zones: ExporterSettings) -> Read:
    """Return a function that reads the day and returns its event ids and the counts."""

    def read() -> tuple[list[str], IntakeCounts]:
        landing = LandingZone(client("s3"), zones.landing_bucket, threads=2)
        events = EventsOfDay(landing, date(2026, 11, 22), (START, END), around=(1, 6))
        return [event.event_id for batch in events.batches() for event in batch], events.counts

    return read


def test_every_hour_of_the_day_is_read_and_the_hours_outside_are_not(
    zones: ExporterSettings, read: Read, deliver: Deliver, event: Event
) -> None:
    for hour in range(-1, 25):
        at = START + timedelta(hours=hour)
        deliver(zones, at, event(f"e{hour:02d}", at))

    assert read()[0] == [f"e{hour:02d}" for hour in range(24)]


@pytest.mark.parametrize(
    ("received_at", "is_in"),
    [(START - TICK, False), (START, True), (END - TICK, True), (END, False)],
)
def test_the_day_is_half_open_by_the_time_the_server_took_the_event(
    received_at: datetime,
    is_in: bool,
    zones: ExporterSettings,
    read: Read,
    deliver: Deliver,
    event: Event,
) -> None:
    deliver(zones, NOON, event("e", received_at))

    _, counts = read()

    assert (counts.kept, counts.of_other_days) == ((1, 0) if is_in else (0, 1))


def test_an_event_delivered_after_the_days_end_is_found(
    zones: ExporterSettings, read: Read, deliver: Deliver, event: Event
) -> None:
    deliver(zones, END + timedelta(hours=3), event("late", END - TICK))

    assert read()[0] == ["late"]


def test_an_event_of_a_server_whose_clock_was_ahead_is_found_before_the_days_begin(
    zones: ExporterSettings, read: Read, deliver: Deliver, event: Event
) -> None:
    deliver(zones, START - timedelta(minutes=1), event("early", START + timedelta(minutes=9)))

    assert read()[0] == ["early"]


def test_what_was_delivered_before_the_day_is_no_late_event_of_the_day_before(
    zones: ExporterSettings, deliver: Deliver, event: Event
) -> None:
    deliver(zones, START - TICK, event("before", START - TICK))
    deliver(zones, NOON, event("late", START - TICK))
    landing = LandingZone(client("s3"), zones.landing_bucket, threads=2)
    events = EventsOfDay(landing, date(2026, 11, 22), (START, END), around=(1, 6))

    assert list(events.batches()) == [[], []]
    noted = [name for rows in events.earlier for name in rows.column("event_id").to_pylist()]
    assert noted == ["late"]
    assert events.counts.of_other_days == 2


def test_a_duplicate_counts_once_within_an_object_and_over_objects(
    zones: ExporterSettings, read: Read, deliver: Deliver, event: Event
) -> None:
    deliver(zones, NOON, event("e", NOON), event("e", NOON))
    deliver(zones, NOON + timedelta(hours=2), event("e", NOON + timedelta(hours=2)))

    _, counts = read()

    assert (counts.kept, counts.duplicates) == (1, 2)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "EOF"),
        ('"text"', "object"),
        ('{"schema": "interaction/1"}', "event_id"),
        ("\x00\x01", "expected value"),
    ],
)
def test_a_bad_line_is_kept_with_its_reason_and_harms_no_other(
    bad: str,
    reason: str,
    zones: ExporterSettings,
    read: Read,
    deliver: Deliver,
    event: Event,
    objects: Callable[[str], dict[str, bytes]],
) -> None:
    key = deliver(zones, NOON, event("e1", NOON), bad, event("e2", NOON))

    _, counts = read()

    assert (counts.kept, counts.bad) == (2, 1)
    kept_key = f"bad/{key.removeprefix('events/')}.bad.jsonl"
    kept = json.loads(objects(zones.landing_bucket)[kept_key])
    assert (kept["source_key"], kept["line_number"], kept["raw"]) == (key, 2, bad)
    assert reason in kept["reason"]


def test_a_time_that_has_no_utc_equivalent_is_a_bad_line(
    zones: ExporterSettings, read: Read, deliver: Deliver, event: Event
) -> None:
    absurd = event("e1", NOON, event_time="0001-01-01T00:00:00+14:00")
    deliver(zones, NOON, absurd, event("e2", NOON))

    _, counts = read()

    assert (counts.kept, counts.bad) == (1, 1)


def test_bad_lines_are_kept_once_however_often_the_day_is_loaded(
    zones: ExporterSettings,
    read: Read,
    deliver: Deliver,
    objects: Callable[[str], dict[str, bytes]],
) -> None:
    deliver(zones, NOON, "not json")
    read()
    once = objects(zones.landing_bucket)

    read()

    assert objects(zones.landing_bucket) == once


def test_a_truncated_object_gives_its_whole_lines(
    zones: ExporterSettings, read: Read, deliver: Deliver, event: Event
) -> None:
    lines = [event(f"e{i:03d}", NOON) for i in range(200)]
    deliver(zones, NOON, *lines, damage=lambda payload: payload[:-20])
    deliver(zones, NOON, event("other", NOON))

    _, counts = read()

    assert counts.kept >= 2
    assert counts.bad >= 1
    assert counts.lines == counts.kept + counts.bad


def test_an_object_that_is_no_gzip_harms_no_other(
    zones: ExporterSettings, read: Read, deliver: Deliver, event: Event
) -> None:
    deliver(zones, NOON, event("e1", NOON), damage=gzip.decompress)
    deliver(zones, NOON, event("e2", NOON))

    _, counts = read()

    assert (counts.kept, counts.bad) == (1, 1)
