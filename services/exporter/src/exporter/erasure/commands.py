"""The command that erases people: `exporter erase`."""

from typing import Annotated

import typer

from exporter.bootstrap import open_upkeep
from exporter.settings import ExporterSettings
from fashion_kit.errors import ShopError
from fashion_kit.logs import configure


def erase(
    user: Annotated[
        list[str] | None, typer.Option(help="Id of a user of the shop, once or more.")
    ] = None,
    anonymous: Annotated[
        list[str] | None, typer.Option(help="Id of a shopper who was not logged in.")
    ] = None,
) -> None:
    """Erase people from lake and landing zone; without an id, all whose account is erased."""
    settings = ExporterSettings()
    configure(settings.log_level, settings.log_format, service="exporter")
    try:
        with open_upkeep(settings) as upkeep:
            if user or anonymous:
                report = upkeep.eraser.erase(user or [], anonymous or [])
            else:
                report = upkeep.eraser.erase_all()
    except ShopError as error:
        typer.echo(f"{error.title}: {error.detail}", err=True)
        raise typer.Exit(1) from None
    lake, landing = report.lake, report.landing
    typer.echo(
        f"{report.people} people erased: {lake.rows:,} rows of {lake.files:,} files,"
        f" {lake.snapshots:,} snapshots and {lake.objects:,} old files of the lake;"
        f" {landing.lines:,} lines of {landing.objects:,} objects of the landing zone."
    )
