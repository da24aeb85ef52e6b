"""The only place that asks for the time, and the only rule for the day of an instant."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
Timer = Callable[[], float]
"""Seconds of a clock that nobody sets, as `time.monotonic`: it says how long something lasts."""


def utc_now() -> datetime:
    """Return the present instant in UTC: the clock of production."""
    return datetime.now(UTC)  # noqa: TID251 - this is the clock


def day_of(instant: datetime, timezone: ZoneInfo) -> date:
    """Return the business day to which an aware instant belongs."""
    return instant.astimezone(timezone).date()


def day_interval(day: date, timezone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the half-open UTC interval [start, end) of a business day.

    A day is 23, 24 or 25 hours long where the timezone changes its clocks.
    """
    start = datetime.combine(day, time.min, timezone)
    end = datetime.combine(day + timedelta(days=1), time.min, timezone)
    return start.astimezone(UTC), end.astimezone(UTC)
