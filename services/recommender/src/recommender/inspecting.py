"""The commands that look and change nothing: experiment, explain."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from fashion_kit.aws import client
from fashion_kit.clock import Clock, utc_now
from fashion_kit.errors import ShopError
from fashion_kit.ids import new_id
from fashion_kit.logs import configure
from fashion_kit.mysql import mysql_engine
from recommender.experiments import report as experiment_report
from recommender.experiments.effects import effects_of
from recommender.experiments.repository import ImpressionsRepository
from recommender.experiments.schemas import Effects
from recommender.experiments.service import ExperimentService
from recommender.explaining import report as explaining_report
from recommender.explaining.explanation import Explanation, explain
from recommender.explaining.repository import ExplainingRepository
from recommender.learning.landing import LandingRepository
from recommender.model.repository import ModelRepository
from recommender.picks.rankers import make_rankers
from recommender.settings import BuildSettings, Experiment
from recommender.trends.repository import TrendsRepository

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

EXPERIMENTS_FOLDER: Final = Path("build/experiments")


def show_experiment(
    days: Annotated[int | None, typer.Option(min=1, help="Days of events to look at.")] = None,
    folder: Annotated[
        Path, typer.Option(help="Where figures and picture go.")
    ] = EXPERIMENTS_FOLDER,
) -> None:
    """Show what the experiment on picks has done: effects with their intervals."""
    # Drawing takes a second to load, which no other command should wait for.
    from recommender.experiments.picture import draw  # noqa: PLC0415

    settings = BuildSettings()
    configure(settings.log_level, settings.log_format, service="recommender-experiment")
    if settings.experiment is None:
        typer.echo("There is no experiment: RECOMMENDER_EXPERIMENT names none.", err=True)
        raise typer.Exit(1)
    try:
        effects = _measure(settings, settings.experiment, days or settings.build_days, utc_now)
    except ShopError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from error
    experiment_report.show(effects, Console())
    folder.mkdir(parents=True, exist_ok=True)
    figures, picture = (folder / f"{effects.name}.{kind}" for kind in ("json", "png"))
    figures.write_text(effects.model_dump_json(indent=2) + "\n")
    draw(effects, picture)
    typer.echo(f"{figures}\n{picture}")


def show_explanation(
    user_id: Annotated[str, typer.Argument(help="A user's id, or an anonymous id.")],
    candidates: Annotated[int, typer.Option(min=1, help="How many candidates are shown.")] = 30,
) -> None:
    """Show why a shopper gets their picks: history, anchors, candidates and what became of them."""
    settings = BuildSettings()
    configure(settings.log_level, settings.log_format, service="recommender-explain")
    dynamodb: DynamoDBClient = client("dynamodb")
    engine = mysql_engine(settings.database_url.get_secret_value(), pool_size=1)
    repository = ExplainingRepository(dynamodb, settings.shoppers_table, engine)
    try:
        explanation = _explain(settings, dynamodb, repository, user_id, candidates)
        names = repository.names(explaining_report.products_of(explanation))
    except ShopError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from error
    finally:
        engine.dispose()
    explaining_report.show(explanation, names, Console())


def _explain(
    settings: BuildSettings,
    dynamodb: "DynamoDBClient",
    repository: ExplainingRepository,
    user_id: str,
    length: int,
) -> Explanation:
    """Explain by what the shopper's own picks are ranked by, should an experiment run."""
    s3: S3Client = client("s3")
    models = ModelRepository(
        dynamodb, s3, table=settings.models_table, bucket=settings.model_bucket
    )
    trends = TrendsRepository(dynamodb, settings.trends_table)
    ranking = ExperimentService(settings.experiment, settings, new_id).settings_of(user_id)
    rankers = make_rankers(ranking, settings, models, trends)
    rankers.refresh_if_due()
    return explain(
        repository.shopper(user_id),
        rankers.current(),
        repository.unavailable(),
        length=length,
        may_be_stored=ranking is settings,
    )


def _measure(settings: BuildSettings, tried: Experiment, days: int, clock: Clock) -> Effects:
    s3: S3Client = client("s3", pool_size=settings.download_threads)
    landing = LandingRepository(s3, settings.landing_bucket, threads=settings.download_threads)
    now = clock()
    with TemporaryDirectory() as place:
        since = now - timedelta(days=days)
        files = landing.download(Path(place), since=since, until=now)
        read = ImpressionsRepository(files, attribution_window=settings.attribution_window)
        return effects_of(tried, read.read(tried.name, since=since))
