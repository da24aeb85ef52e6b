"""The recommender's commands: `python -m recommender --help`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from fashion_kit.aws import client
from fashion_kit.clock import utc_now
from fashion_kit.errors import ShopError
from fashion_kit.ids import new_id
from fashion_kit.logs import configure
from fashion_kit.mysql import mysql_engine
from recommender.inspecting import show_experiment, show_explanation
from recommender.learning.catalogue import CatalogueRepository
from recommender.learning.gate import Quality
from recommender.learning.landing import LandingRepository
from recommender.learning.service import BuildReport, BuildService, BuildStores
from recommender.model.repository import ModelRepository
from recommender.settings import BuildSettings, StoreSettings
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import Window

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

TRENDS_PICTURE: Final = Path("build/trends/trends.png")

main = typer.Typer(
    help="Builds and judges the models behind the picks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
main.command("experiment")(show_experiment)
main.command("explain")(show_explanation)


@main.command()
def build(
    days: Annotated[int | None, typer.Option(min=1, help="Days of events to learn from.")] = None,
) -> None:
    """Build a model and the trends, and put them in use if the model passes the gate."""
    with _service() as service:
        _tell(service.build(days, typer.echo))


@main.command()
def refresh() -> None:
    """Add what the last hours taught, and new products, to the model in use."""
    with _service() as service:
        report = service.refresh(typer.echo)
    if report is None:
        typer.echo("there is no model yet to add to")
    else:
        typer.echo(
            f"delta {report.version} is in use: {report.new_products:,} new products,"
            f" {report.neighbours:,} neighbours, {report.bytes:,} bytes"
        )


@main.command()
def models() -> None:
    """List the models that can be rolled back to, the latest first."""
    with _service() as service:
        kept, in_use = service.models()
    for pointer in kept:
        mark = "in use" if in_use and pointer.version == in_use.version else ""
        typer.echo(f"{pointer.version}  {pointer.set_at}  {mark}".rstrip())


@main.command()
def rollback(
    version: Annotated[str | None, typer.Argument(help="Else the one before the present.")] = None,
) -> None:
    """Put an earlier model in use again; every process follows within a minute."""
    with _service() as service:
        typer.echo(f"model {service.roll_back(version).version} is in use")


@main.command()
def evaluate(
    data: Annotated[Path, typer.Argument(exists=True, help="A clickstream: a file or folder.")],
    to: Annotated[Path, typer.Option(help="Where figures and plot go.")] = Path("build/evaluate"),
    validate: Annotated[
        bool, typer.Option("--validate", help="Predict what comes before the test instead.")
    ] = False,
    tries: Annotated[
        list[str] | None,
        typer.Option(
            "--try", metavar="SETTING=VALUE,...", help="Settings to try. With --validate."
        ),
    ] = None,
) -> None:
    """Measure the picks' model beside its rivals on a public clickstream, or on our own lake."""
    if tries and not validate:
        raise typer.BadParameter("Settings are chosen on the validation part: add --validate.")
    # Plots need matplotlib, which a build does without.
    from recommender.evaluation.command import run  # noqa: PLC0415

    try:
        run(data, to, validate=validate, tries=tries or ())
    except ShopError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from error


@contextmanager
def _service() -> Iterator[BuildService]:
    """Yield the service; what it refuses is said in one line, and the exit code is 1."""
    settings = BuildSettings()
    configure(settings.log_level, settings.log_format, service="recommender-build")
    try:
        yield BuildService(settings, _stores(settings), clock=utc_now, make_id=new_id)
    except ShopError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from error


@main.command()
def trends(
    window: Annotated[Window, typer.Option(help="How far back is counted.")] = Window.DAY,
    picture: Annotated[Path, typer.Option(help="Where the picture goes.")] = TRENDS_PICTURE,
) -> None:
    """Show which article types and colours are trending, as tables and as a picture."""
    # Drawing takes a second to load, which no other command should wait for.
    from recommender.trends import report  # noqa: PLC0415

    settings = StoreSettings()
    repository = TrendsRepository(client("dynamodb"), settings.trends_table)
    panels = {}
    for dimension in report.REPORTED:
        counted = repository.read_window(dimension, window)
        if counted is None:
            typer.echo(f"The {window} window has not been counted yet.", err=True)
            raise typer.Exit(1)
        panels[report.title_of(dimension, window, counted)] = counted
    console = Console()
    for title, counted in panels.items():
        console.print(report.table_of(title, counted))
    report.draw(panels, picture)
    typer.echo(f"{picture}")


def _stores(settings: BuildSettings) -> BuildStores:
    dynamodb: DynamoDBClient = client("dynamodb")
    s3: S3Client = client("s3", pool_size=settings.download_threads)
    engine = mysql_engine(settings.database_url.get_secret_value(), pool_size=1)
    return BuildStores(
        CatalogueRepository(engine),
        LandingRepository(s3, settings.landing_bucket, threads=settings.download_threads),
        ModelRepository(dynamodb, s3, table=settings.models_table, bucket=settings.model_bucket),
        TrendsRepository(dynamodb, settings.trends_table),
    )


def _tell(report: BuildReport) -> None:
    verdict = report.verdict
    typer.echo(f"{report.neighbours:,} neighbours, {report.bytes:,} bytes")
    for name, quality in (
        ("new model, last sessions", verdict.candidate),
        ("trending, last sessions", verdict.trending),
        ("new model, since the present one", verdict.candidate_after_current),
        ("present model", verdict.current),
    ):
        typer.echo(f"{name}: {_told(quality) if quality else 'too little to judge by'}")
    typer.echo(f"model {report.version} is in use")


def _told(quality: Quality) -> str:
    return (
        f"novel hit rate {quality.hit_rate:.1%}, reciprocal rank {quality.reciprocal_rank:.1%}"
        f" ({quality.predictions:,} predictions)"
    )


if __name__ == "__main__":
    main()
