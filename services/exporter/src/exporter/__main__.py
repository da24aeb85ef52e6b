"""The exporter's commands: `python -m exporter run` and `python -m exporter days`."""

import json
from datetime import date
from typing import Annotated

import typer
from rich.console import Console

from exporter.bootstrap import open_daily_load, open_ledger
from exporter.erasure.commands import erase
from exporter.exports.commands import export
from exporter.lake.commands import maintain
from exporter.marts.commands import marts
from exporter.nightly.daily_load import requested_day
from exporter.nightly.report import LoadReport
from exporter.queries.commands import query
from exporter.report.commands import report
from exporter.settings import ExporterSettings, LedgerSettings
from fashion_kit.clock import utc_now
from fashion_kit.errors import ShopError
from fashion_kit.logs import configure

app = typer.Typer(
    help="Loads business days into the lake.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    day: Annotated[
        list[str] | None,
        typer.Option(
            help="YYYY-MM-DD, once or more; without it, yesterday in the shop's timezone."
        ),
    ] = None,
) -> None:
    """Load business days, replacing what the lake has of them, and print a report of each."""
    settings = ExporterSettings()
    configure(settings.log_level, settings.log_format, service="exporter")
    try:
        for wanted in _requested_days(day, settings):
            for line in _load(wanted, settings).lines():
                typer.echo(line)
    except ShopError as error:
        typer.echo(f"{error.title}: {error.detail}", err=True)
        raise typer.Exit(1) from None


@app.command()
def days() -> None:
    """Print the days that are loaded completely, one JSON object a line."""
    for day in open_ledger(LedgerSettings()).loaded_days():
        typer.echo(json.dumps({"business_day": day.isoformat()}))


app.command()(marts)
app.command()(query)


def _requested_days(days: list[str] | None, settings: ExporterSettings) -> list[date]:
    """Return all days asked for; a wrong one is found before anything is loaded."""
    now, zone = utc_now(), settings.business_timezone
    asked: list[str | None] = [*days] if days else [None]
    return [requested_day(day, name="--day", now=now, timezone=zone) for day in asked]


def _load(day: date, settings: ExporterSettings) -> LoadReport:
    # The spinner shows on a terminal only; elsewhere the logs tell.
    with Console(stderr=True).status(f"{day}: begin") as status:
        with open_daily_load(
            settings, on_step=lambda step: status.update(f"{day}: {step}")
        ) as load:
            return load.run(day)


app.command()(maintain)
app.command()(erase)
app.command()(report)
app.add_typer(export, name="export")


def main() -> None:
    """Run the command that the arguments name."""
    app()


if __name__ == "__main__":
    main()
