"""The landing zone's folders: every hour of a day, once, in UTC."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from fashion_contracts.landing import bad_events_prefix, hour_prefix, hour_prefixes

INSTANTS = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)


def test_a_folder_is_named_by_the_utc_hour() -> None:
    saigon = timezone(timedelta(hours=7))
    instant = datetime(2026, 3, 1, 6, 59, tzinfo=saigon)
    assert hour_prefix(instant) == "events/dt=2026-02-28/hour=23/"
    assert bad_events_prefix(instant) == "bad/dt=2026-02-28/hour=23/"


def test_a_day_has_hours_0_to_23() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    prefixes = list(hour_prefixes(day, day + timedelta(days=1)))
    assert prefixes[0] == "events/dt=2026-03-01/hour=00/"
    assert prefixes[-1] == "events/dt=2026-03-01/hour=23/"
    assert len(prefixes) == 24


@given(INSTANTS, st.timedeltas(timedelta(microseconds=1), timedelta(days=3)), st.floats(0, 1))
def test_an_interval_touches_the_folder_of_each_of_its_instants(
    start: datetime, length: timedelta, share: float
) -> None:
    end = start + length
    prefixes = list(hour_prefixes(start, end))
    instant = min(start + length * share, end - timedelta(microseconds=1))
    assert hour_prefix(instant) in prefixes
    assert len(set(prefixes)) == len(prefixes)
    assert prefixes == sorted(prefixes)


def test_an_empty_interval_on_the_hour_touches_nothing() -> None:
    hour = datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert list(hour_prefixes(hour, hour)) == []
