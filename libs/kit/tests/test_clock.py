"""Business days: half-open, gapless, and as long as the zone makes them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_kit.clock import day_interval, day_of, utc_now

ZONES = [ZoneInfo(name) for name in ("Asia/Ho_Chi_Minh", "Europe/Berlin", "America/St_Johns")]
# Clocks there once skipped midnight itself.
MIDNIGHT_SKIPPERS = [ZoneInfo(name) for name in ("America/Sao_Paulo", "Africa/Cairo")]
DAYS = st.dates(date(2000, 1, 1), date(2035, 12, 31))


def test_now_is_in_utc() -> None:
    assert utc_now().tzinfo is UTC


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 6, 1), 24), (date(2026, 10, 25), 25)]
)
def test_a_day_is_as_long_as_its_zone_makes_it(day: date, hours: int) -> None:
    start, end = day_interval(day, ZoneInfo("Europe/Berlin"))
    assert end - start == timedelta(hours=hours)


def test_saigons_day_begins_at_seventeen_utc_the_day_before() -> None:
    start, end = day_interval(date(2026, 1, 2), ZoneInfo("Asia/Ho_Chi_Minh"))
    assert start == datetime(2026, 1, 1, 17, tzinfo=UTC)
    assert end == datetime(2026, 1, 2, 17, tzinfo=UTC)


@given(DAYS, st.sampled_from(ZONES + MIDNIGHT_SKIPPERS))
def test_days_follow_one_another_without_gap_or_overlap(day: date, zone: ZoneInfo) -> None:
    assert day_interval(day, zone)[1] == day_interval(day + timedelta(days=1), zone)[0]


@given(DAYS, st.sampled_from(ZONES))
def test_a_day_holds_its_first_instant_and_not_its_end(day: date, zone: ZoneInfo) -> None:
    start, end = day_interval(day, zone)
    assert day_of(start, zone) == day
    assert day_of(end - timedelta(microseconds=1), zone) == day
    assert day_of(end, zone) == day + timedelta(days=1)


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(ZONES),
)
def test_every_instant_is_inside_its_own_day(instant: datetime, zone: ZoneInfo) -> None:
    start, end = day_interval(day_of(instant, zone), zone)
    assert start <= instant < end
