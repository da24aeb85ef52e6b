"""Which days are meant: by a name, by a range, or by nothing."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from exporter.errors import BadDayError
from fashion_kit.clock import day_of

ONE_DAY = timedelta(days=1)


def requested_day(value: str | None, *, name: str, now: datetime, timezone: ZoneInfo) -> date:
    """Return the day that was asked for by `name`; without one, yesterday in the timezone."""
    if value is None:
        return day_of(now, timezone) - ONE_DAY
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadDayError(name, value) from None
    # Python reads other ISO 8601 spellings too; a day has one name here.
    if day.isoformat() != value:
        raise BadDayError(name, value)
    return day


def days_between(first: date, last: date) -> Sequence[date]:
    """Return all days from the first to the last one, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
