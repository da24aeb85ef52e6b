"""Closing the day: what waits for the relay, which days were touched, and their load."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text

from fashion_kit.clock import day_of
from infra.local.stack import Stack

NO_GRACE = {"EXPORTER_DELIVERY_GRACE": "PT0S"}
"""Told to a shop whose buffers are flushed before the load: it need not wait for them."""

_WAITING = "SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL"
_OLDER = " AND created_at < :before"


def unsent(engine: Engine, *, before: datetime | None = None) -> int:
    """Return how many outbox rows wait for the relay: all, or those written before the instant.

    A row says when it was written by the clock of the server that did, which may be wrong.
    """
    statement, values = _WAITING, {}
    if before is not None:
        statement += _OLDER
        values = {"before": before.astimezone(UTC).replace(tzinfo=None)}
    with engine.connect() as connection:
        count: int = connection.execute(text(statement), values).scalar_one()
        return count


def business_days(stack: Stack, *instants: datetime) -> list[date]:
    """Return the shop's days of these instants: two, if midnight lies between them."""
    zone = ZoneInfo(stack.config.settings.business_timezone)
    return sorted({day_of(instant, zone) for instant in instants})


def load(stack: Stack, day: date) -> str:
    """Load the day as the night does; return what the exporter says."""
    environment = stack.environments.exporter()
    return stack.run("daily-load", "exporter", "run", f"--day={day}", environment=environment)
