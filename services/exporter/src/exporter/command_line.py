"""What every command does first and last: settings, logs, and one sentence if it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import typer

from fashion_kit.errors import ShopError
from fashion_kit.logs import configure
from fashion_kit.settings import Settings

AnySettings = TypeVar("AnySettings", bound=Settings)


@contextmanager
def told(settings_class: type[AnySettings]) -> Iterator[AnySettings]:
    """Yield the settings, with the logs as they say; an error of ours ends the command.

    It is told in one sentence on standard error, and the exit code is 1.
    """
    settings = settings_class()
    configure(settings.log_level, settings.log_format, service="exporter")
    try:
        yield settings
    except ShopError as error:
        typer.echo(f"{error.title}: {error.detail}", err=True)
        raise typer.Exit(1) from None
