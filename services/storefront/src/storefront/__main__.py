"""The commands: `python -m storefront migrate | seed | import-catalogue | relay`."""

import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from fashion_kit import aws, logs
from fashion_kit.clock import utc_now
from storefront import database
from storefront.database import open_engine, sessions_of
from storefront.loading import load as loading
from storefront.outbox.relay import Relay
from storefront.settings import DatabaseSettings, RelaySettings
from storefront.stream import StreamPublisher

main = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Seed = Annotated[int, typer.Option(help="From which all that is drawn follows.")]


@main.callback()
def _commands() -> None:
    """Operate the storefront."""


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    database.migrate(DatabaseSettings().database_url.get_secret_value())


@main.command()
def seed(
    count: Annotated[int, typer.Option(min=1, help="How many products to generate.")] = 5_000,
    seed: Seed = 20_260_101,
) -> None:
    """Fill the catalogue with generated products; the same seed makes the same ones."""
    settings = DatabaseSettings()
    engine = open_engine(settings)
    report = loading.seed_catalogue(
        engine, count=count, seed=seed, clock=utc_now, currency=settings.currency
    )
    _tell(report)


@main.command()
def import_catalogue(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A styles.csv.")],
    seed: Seed = 20_260_101,
) -> None:
    """Fill the catalogue from Kaggle's styles.csv; prices and stock are drawn from the seed."""
    settings = DatabaseSettings()
    engine = open_engine(settings)
    report = loading.import_catalogue(
        engine, file, seed=seed, clock=utc_now, currency=settings.currency
    )
    _tell(report)


@main.command()
def relay() -> None:
    """Send the outbox to the stream until SIGTERM."""
    settings = RelaySettings()
    logs.configure(settings.log_level, settings.log_format, service="storefront-relay")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    engine = open_engine(settings)
    stream = StreamPublisher(aws.client("kinesis"), settings.event_stream)
    Relay(sessions_of(engine), stream, settings, clock=utc_now).run(stop)
    engine.dispose()


def _tell(report: loading.LoadReport) -> None:
    typer.echo(
        f"{report.inserted} products added, {report.updated} updated, {report.unchanged} unchanged;"
        f" {report.repaired} rows repaired, {report.skipped} skipped."
    )


if __name__ == "__main__":
    main()
