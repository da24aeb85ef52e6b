"""What `recommender evaluate` runs."""

from collections.abc import Sequence
from pathlib import Path

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from recommender.evaluation.datasets import load
from recommender.evaluation.plot import draw
from recommender.evaluation.report import facts, table, trials_table, write_json
from recommender.evaluation.schemas import Clickstream
from recommender.evaluation.service import evaluate, tune
from recommender.settings import LearningSettings

_SHOP_ONLY = {"log_level", "log_format"}


def run(data: Path, folder: Path, *, validate: bool, tries: Sequence[str]) -> None:
    """Read the data, measure, and show and keep what was found."""
    settings = LearningSettings()
    chosen = _parsed(tries)
    console = Console()
    shown = Console(stderr=True)
    with Progress(console=shown, transient=True, disable=not shown.is_terminal) as progress:
        progress.add_task(f"reading {data.name}", total=None)
        stream = load(data, settings.session_gap)
        if chosen:
            _tune(stream, chosen, progress, console)
            return
        split = stream.validating() if validate else stream.testing()
        report = evaluate(stream, split, settings, progress)
    console.print(facts(report), table(report), sep="\n")
    for kept in (write_json(report, folder), draw(report, folder)):
        console.print(f"[dim]{kept}[/dim]", soft_wrap=True)


def _tune(
    stream: Clickstream, chosen: dict[str, list[str]], progress: Progress, console: Console
) -> None:
    try:
        trials = tune(stream, chosen, progress)
    except ValidationError as error:
        found = error.errors()[0]
        raise typer.BadParameter(f"{found['loc'][0]}: {found['msg']}") from error
    console.print(trials_table(trials))


def _parsed(tries: Sequence[str]) -> dict[str, list[str]]:
    """Return the values to try of each setting."""
    chosen = {}
    for text in tries:
        name, _, values = text.partition("=")
        if name not in LearningSettings.model_fields.keys() - _SHOP_ONLY or not values:
            raise typer.BadParameter(f"{text!r} is not a learning setting, =, and its values.")
        chosen[name] = values.split(",")
    return chosen
