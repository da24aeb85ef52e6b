"""The exporter's commands: `python -m exporter run` and `python -m exporter days`."""

import json
from typing import Annotated

import typer
from rich.console import Console

from exporter.bootstrap import open_daily_load, open_ledger
from exporter.daily_load import requested_day
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
        str | None, typer.Option(help="YYYY-MM-DD; without it, yesterday in the shop's timezone.")
    ] = None,
) -> None:
    """Load one business day, replacing what the lake has of it, and print a report."""
    settings = ExporterSettings()
    configure(settings.log_level, settings.log_format, service="exporter")
    try:
        wanted = requested_day(
            day, name="--day", now=utc_now(), timezone=settings.business_timezone
        )
        # The spinner shows on a terminal only; elsewhere the logs tell.
        with Console(stderr=True).status(f"{wanted}: begin") as status:
            with open_daily_load(
                settings, on_step=lambda step: status.update(f"{wanted}: {step}")
            ) as load:
                report = load.run(wanted)
    except ShopError as error:
        typer.echo(f"{error.title}: {error.detail}", err=True)
        raise typer.Exit(1) from None
    for line in report.lines():
        typer.echo(line)


@app.command()
def days() -> None:
    """Print the days that are loaded completely, one JSON object a line."""
    for day in open_ledger(LedgerSettings()).loaded_days():
        typer.echo(json.dumps({"business_day": day.isoformat()}))


def main() -> None:
    """Run the command that the arguments name."""
    app()


if __name__ == "__main__":
    main()
