"""Where the landing zone keeps what the delivery stream brings: writers and readers share it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

EVENTS_PREFIX = "events/"
BAD_EVENTS_PREFIX = "bad/"


def hour_prefix(instant: datetime) -> str:
    """Return the folder of the instant's UTC hour: `events/dt=YYYY-MM-DD/hour=HH/`."""
    return EVENTS_PREFIX + _hour_folder(instant)


def bad_events_prefix(instant: datetime) -> str:
    """Return the folder of events rejected in the instant's UTC hour, laid out like the others."""
    return BAD_EVENTS_PREFIX + _hour_folder(instant)


def hour_prefixes(start: datetime, end: datetime) -> Iterator[str]:
    """Yield the folders of every UTC hour that touches the half-open interval [start, end)."""
    hour = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour < end:
        yield hour_prefix(hour)
        hour += timedelta(hours=1)


def _hour_folder(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("dt=%Y-%m-%d/hour=%H/")
