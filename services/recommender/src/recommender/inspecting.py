"""The commands that look and change nothing: what an experiment has done."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from fashion_kit.aws import client
from fashion_kit.clock import Clock, utc_now
from fashion_kit.errors import ShopError
from fashion_kit.logs import configure
from recommender.experiments import report
from recommender.experiments.effects import effects_of
from recommender.experiments.repository import ImpressionsRepository
from recommender.experiments.schemas import Effects
from recommender.learning.landing import LandingRepository
from recommender.settings import BuildSettings, Experiment

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EXPERIMENTS_FOLDER: Final = Path("build/experiments")


def experiment(
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
    report.show(effects, Console())
    folder.mkdir(parents=True, exist_ok=True)
    figures, picture = (folder / f"{effects.name}.{kind}" for kind in ("json", "png"))
    figures.write_text(effects.model_dump_json(indent=2) + "\n")
    draw(effects, picture)
    typer.echo(f"{figures}\n{picture}")


def _measure(settings: BuildSettings, tried: Experiment, days: int, clock: Clock) -> Effects:
    s3: S3Client = client("s3", pool_size=settings.download_threads)
    landing = LandingRepository(s3, settings.landing_bucket, threads=settings.download_threads)
    now = clock()
    with TemporaryDirectory() as place:
        files = landing.download(Path(place), until=now, days=days)
        read = ImpressionsRepository(files, attribution_window=settings.attribution_window)
        return effects_of(tried, read.read(tried.name, since=now - timedelta(days=days)))
