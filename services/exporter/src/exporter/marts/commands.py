"""`exporter marts`: renew the marts of some days, or of all."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from exporter.bootstrap import open_lake, open_ledger
from exporter.command_line import told
from exporter.errors import DayNotBegunError
from exporter.marts.service import Marts
from exporter.nightly.days import requested_day
from exporter.queries.lake import LakeQueries
from exporter.settings import MartSettings
from fashion_kit.clock import day_of, utc_now


def marts(
    day: Annotated[
        list[str] | None,
        typer.Option(help="YYYY-MM-DD, a day that changed, once or more; without it, every day."),
    ] = None,
) -> None:
    """Renew the marts, and print how many rows of each were written."""
    with told(MartSettings) as settings:
        now, zone = utc_now(), settings.business_timezone
        days = [requested_day(text, name="--day", now=now, timezone=zone) for text in day or ()]
        for wanted in days:
            if wanted > day_of(now, zone):
                raise DayNotBegunError(wanted)
        written = open_marts(settings).refresh(days or None)
    for name, rows in written.items():
        typer.echo(f"{name:<28}{rows:>12,} rows")


def renew_marts(days: Sequence[date]) -> None:
    """Renew what these days, just loaded, come to."""
    open_marts(MartSettings()).refresh(days)


def open_marts(settings: MartSettings) -> Marts:
    """Return the marts that the settings describe; `refresh` follows every load."""
    return Marts(
        LakeQueries(settings.glue_database),
        open_lake(settings),
        loaded_days=open_ledger(settings).loaded_days,
        limits=settings.limits(),
    )
