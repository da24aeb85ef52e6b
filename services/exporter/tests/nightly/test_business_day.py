"""Which day a purchase belongs to: half-open, in the shop's timezone, to the microsecond."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.books.snapshot import Source
from exporter.errors import BadDayError
from exporter.nightly.days import requested_day
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.lake import PURCHASES
from fashion_kit.clock import day_interval, day_of
from fashion_kit.mysql import mysql_engine

TICK = timedelta(microseconds=1)
SAIGON, BERLIN = ZoneInfo("Asia/Saigon"), ZoneInfo("Europe/Berlin")
CAIRO = ZoneInfo("Africa/Cairo")
# Zones with and without summer time, on both sides of UTC; Apia once skipped a whole day, and Cairo
# changes its clocks at midnight.
ZONES = ["UTC", "Asia/Ho_Chi_Minh", "Europe/Berlin", "Pacific/Apia", "Africa/Cairo", "America/Lima"]

Buy = Callable[..., str]
Load = Callable[..., LoadReport]
Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def source(exporter_url: str) -> Iterator[Source]:
    """Return the database as the exporter's own user sees it."""
    engine = mysql_engine(exporter_url, isolation_level="AUTOCOMMIT")
    yield Source(engine, page_rows=100, lock_wait=timedelta(seconds=1))
    engine.dispose()


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (SAIGON, date(2026, 11, 22)),
        (BERLIN, date(2026, 3, 29)),  # 23 hours
        (BERLIN, date(2026, 10, 25)),  # 25 hours
    ],
    ids=["Saigon", "Berlin springs forward", "Berlin falls back"],
)
def test_the_last_microsecond_is_in_the_day_and_the_next_one_is_not(
    zone: ZoneInfo, day: date, source: Source, buy: Buy
) -> None:
    start, end = day_interval(day, zone)
    buy(start - TICK)
    first, last = buy(start), buy(end - TICK)
    buy(end)

    with source.locked() as locked, locked.snapshot(day, (start, end)) as snapshot:
        pages = list(snapshot.purchases())
        totals = snapshot.totals
    purchases = [found for page, _ in pages for found in page["id"].to_pylist()]
    lines = [found for _, page in pages for found in page["purchase_id"].to_pylist()]

    assert purchases == lines == [first, last]
    assert totals["purchases.rows"] == totals["purchase_lines.rows"] == 2


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (SAIGON, date(2026, 11, 22), 24),
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (CAIRO, date(2026, 4, 24), 23),
        (CAIRO, date(2026, 10, 29), 25),
    ],
    ids=["Saigon", "Berlin 23 h", "Berlin 25 h", "Cairo 23 h", "Cairo 25 h"],
)
def test_each_boundary_microsecond_is_in_exactly_one_of_three_days(
    zone: ZoneInfo, day: date, hours: int, source: Source, buy: Buy
) -> None:
    days = [day + timedelta(days=offset) for offset in (-1, 0, 1)]
    edges = [day_interval(each, zone) for each in days]
    bought = [[buy(start), buy(start + TICK), buy(end - TICK)] for start, end in edges]
    buy(edges[0][0] - TICK)
    buy(edges[-1][1])

    found = []
    for each, interval in zip(days, edges, strict=True):
        with source.locked() as locked, locked.snapshot(each, interval) as snapshot:
            pages = [page["id"].to_pylist() for page, _ in snapshot.purchases()]
        found.append([id_ for page in pages for id_ in page])

    assert found == bought
    assert edges[1][1] - edges[1][0] == timedelta(hours=hours)


def test_days_loaded_one_after_another_hold_every_purchase_once(
    zones: ExporterSettings, buy: Buy, load: Load, rows: Rows
) -> None:
    settings = zones.model_copy(update={"business_timezone": BERLIN})
    night = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)
    bought = [buy(night + timedelta(minutes=30 * step)) for step in range(60)]

    for day in (24, 25, 26):
        load(settings, date(2026, 10, day))

    loaded = rows(zones, PURCHASES)
    assert [row["id"] for row in loaded] == bought
    assert {row["id"]: row["business_day"] for row in loaded} == {
        row["id"]: day_of(row["purchased_at"], BERLIN) for row in loaded
    }


@given(
    st.sampled_from(ZONES).map(ZoneInfo),
    st.lists(st.datetimes(datetime(2005, 1, 2), datetime(2035, 1, 1)), max_size=20),  # noqa: DTZ001
)
def test_every_instant_is_in_exactly_one_business_day(
    zone: ZoneInfo, instants: list[datetime]
) -> None:
    for instant in (naive.replace(tzinfo=UTC) for naive in instants):
        around = [day_of(instant, zone) + timedelta(days=offset) for offset in range(-2, 3)]
        intervals = [day_interval(day, zone) for day in around]

        assert sum(start <= instant < end for start, end in intervals) == 1


def test_the_default_day_is_yesterday_in_the_shops_timezone() -> None:
    just_after_midnight = datetime(2026, 11, 22, 0, 1, tzinfo=SAIGON)

    day = requested_day(None, name="--day", now=just_after_midnight, timezone=SAIGON)

    assert day == date(2026, 11, 21)


@pytest.mark.parametrize("value", ["", "yesterday", "2026-02-30", "20261122", "2026-W47-7", 5])
def test_a_day_that_is_no_date_is_named_in_the_error(value: Any) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)

    with pytest.raises(BadDayError, match=r"DATE_EXECUTION must be a date written YYYY-MM-DD"):
        requested_day(value, name="DATE_EXECUTION", now=now, timezone=SAIGON)
