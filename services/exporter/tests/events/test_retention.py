"""A day that is loaded again keeps the events whose objects have expired in the landing zone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from exporter.bootstrap import open_events, open_upkeep
from exporter.events.intake import IntakeCounts
from exporter.settings import ExporterSettings
from fashion_contracts.lake import BAD_EVENTS, EVENTS
from fashion_kit.aws import client

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
GUEST = "anon-0123456789"

Deliver = Callable[..., str]
Event = Callable[..., dict[str, Any]]
LoadEvents = Callable[[ExporterSettings, date], IntakeCounts]
Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def expire() -> Callable[[ExporterSettings, str], None]:
    """Return a function that takes an object away, as the landing zone's lifecycle does."""

    def expire(settings: ExporterSettings, key: str) -> None:
        client("s3").delete_object(Bucket=settings.landing_bucket, Key=key)

    return expire


def test_events_and_bad_lines_stay_when_their_objects_are_gone(
    zones: ExporterSettings,
    deliver: Deliver,
    event: Event,
    load_events: LoadEvents,
    rows: Rows,
    expire: Callable[[ExporterSettings, str], None],
) -> None:
    gone = deliver(zones, NOON, event("e1", NOON, query="shoes"), event("e2", NOON), "no json")
    deliver(zones, NOON + timedelta(hours=1), event("e2", NOON), event("e3", NOON), "no json")
    load_events(zones, DAY)
    before = [rows(zones, table) for table in (EVENTS, BAD_EVENTS)]
    expire(zones, gone)

    first, second = (load_events(zones, DAY) for _ in range(2))

    after = [rows(zones, table) for table in (EVENTS, BAD_EVENTS)]
    assert [len(table) for table in before] == [3, 2]
    assert [row["event_id"] for row in after[0]] == ["e1", "e2", "e3"]
    assert after == before
    assert first == second
    assert (first.kept, first.retained, first.bad, first.bad_retained) == (2, 1, 1, 1)
    assert {name: int(count) for name, count in first.totals().items()} == {
        "events.rows": 3,
        "bad_events.rows": 2,
    }


def test_what_the_landing_zone_still_has_comes_from_there(
    zones: ExporterSettings, deliver: Deliver, event: Event, load_events: LoadEvents, rows: Rows
) -> None:
    key = deliver(zones, NOON, event("e1", NOON), "no json", "nor this")
    load_events(zones, DAY)
    again = deliver(zones, NOON, event("e1", NOON, product_id=2), "no json")
    s3 = client("s3")
    s3.copy_object(
        Bucket=zones.landing_bucket, Key=key, CopySource=f"{zones.landing_bucket}/{again}"
    )
    s3.delete_object(Bucket=zones.landing_bucket, Key=again)

    counts = load_events(zones, DAY)

    assert [row["product_id"] for row in rows(zones, EVENTS)] == [2]
    assert [row["line_number"] for row in rows(zones, BAD_EVENTS)] == [2]
    assert (counts.retained, counts.bad_retained) == (0, 0)


def test_who_was_erased_is_not_kept_either(
    zones: ExporterSettings,
    deliver: Deliver,
    event: Event,
    load_events: LoadEvents,
    rows: Rows,
    expire: Callable[[ExporterSettings, str], None],
) -> None:
    guest = event("guests", NOON, user_id=None, anonymous_id=GUEST)
    gone = deliver(zones, NOON, guest, event("others", NOON))
    load_events(zones, DAY)
    expire(zones, gone)
    # The request was noted, and then it died.
    open_events(zones).erasures.note_asked([open_events(zones).pseudonyms.of_anonymous(GUEST)])

    counts = load_events(zones, DAY)

    assert [row["event_id"] for row in rows(zones, EVENTS)] == ["others"]
    assert counts.retained == 1
    with open_upkeep(zones) as upkeep:
        upkeep.eraser.erase([], [GUEST])
    assert load_events(zones, DAY).retained == 1
