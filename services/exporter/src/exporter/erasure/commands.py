"""The command that erases people: `exporter erase`."""

from typing import Annotated

import typer

from exporter.bootstrap import open_upkeep
from exporter.command_line import told
from exporter.settings import ExporterSettings


def erase(
    user: Annotated[
        list[str] | None, typer.Option(help="Id of a user of the shop, once or more.")
    ] = None,
    anonymous: Annotated[
        list[str] | None, typer.Option(help="Id of a shopper who was not logged in.")
    ] = None,
) -> None:
    """Erase people from lake and landing zone; without an id, all whose account is erased."""
    with told(ExporterSettings) as settings, open_upkeep(settings) as upkeep:
        if user or anonymous:
            report = upkeep.eraser.erase(user or [], anonymous or [])
        else:
            report = upkeep.eraser.erase_all()
    for line in report.lines():
        typer.echo(line)
