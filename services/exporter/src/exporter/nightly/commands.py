"""The night's commands: load, catch up, verify, and say how things stand."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Annotated

import typer
from rich.console import Console

from exporter.bootstrap import open_fingerprints, open_ledger, open_night, open_verifier
from exporter.command_line import told
from exporter.nightly.days import days_between, requested_day
from exporter.nightly.figures import NightFigures
from exporter.nightly.night import Failure, Night
from exporter.nightly.report import LoadReport
from exporter.nightly.status import as_line, as_table, statuses
from exporter.nightly.terminal import display
from exporter.settings import ExporterSettings, LedgerSettings
from fashion_kit.clock import utc_now

Day = Annotated[str, typer.Option(help="YYYY-MM-DD, a day in the shop's timezone.")]
Days = Annotated[list[str] | None, typer.Option("--day", help="YYYY-MM-DD, once or more.")]
First = Annotated[str | None, typer.Option("--from", help="YYYY-MM-DD, the first day.")]
Last = Annotated[str | None, typer.Option("--to", help="YYYY-MM-DD; by default yesterday.")]

OnLoaded = Callable[[Sequence[date]], None]
"""What follows a load, told which days; the commands find it as their context's object."""


def run(context: typer.Context, day: Days = None, first: First = None, last: Last = None) -> None:
    """Load days; without any, yesterday and then all that `catch-up` would load."""
    if first is None and last is not None:
        raise typer.BadParameter("--to needs --from")
    with told(ExporterSettings) as settings:
        asked = [_day(each, "--day", settings) for each in day or ()]
        if first is not None:
            begin, end = _day(first, "--from", settings), _day(last, "--to", settings)
            if begin > end:
                raise typer.BadParameter(f"--from {begin} is after {end}")
            asked += days_between(begin, end)
        _load(settings, lambda night: asked or night.yesterday_and_due(), context.obj)


def catch_up(context: typer.Context, first: First = None) -> None:
    """Load every ended day that is not in the lake, and again those that changed since."""
    with told(ExporterSettings) as settings:
        begin = None if first is None else _day(first, "--from", settings)
        _load(settings, lambda night: night.due(begin), context.obj)


def verify(day: Day) -> None:
    """Compare a day in the lake with the database, table by table."""
    with told(ExporterSettings) as settings, open_verifier(settings) as verifier:
        is_equal = True
        for verdict in verifier.verify(_day(day, "--day", settings)):
            typer.echo(verdict)
            is_equal = is_equal and not verdict.differences
    if not is_equal:
        raise typer.Exit(1)


def status() -> None:
    """Show the latest days: whether loaded, with what, and whether they changed since."""
    with told(ExporterSettings) as settings, open_fingerprints(settings) as fingerprints:
        yesterday = _day(None, "", settings)
        ledger = open_ledger(settings)
        days = list(statuses(ledger, fingerprints, yesterday, settings.recheck_days))
    console = Console()
    if console.is_terminal:
        console.print(as_table(days))
        return
    for day in days:
        typer.echo(as_line(day))


def days() -> None:
    """Print the days that are loaded completely, one JSON object a line."""
    for day in open_ledger(LedgerSettings()).loaded_days():
        typer.echo(json.dumps({"business_day": day.isoformat()}))


def _load(
    settings: ExporterSettings, plan: Callable[[Night], Iterable[date]], on_loaded: OnLoaded
) -> None:
    """Load the planned days, and say at the end which of them failed."""
    failures = []
    figures = NightFigures(settings.metrics_folder, settings.business_timezone)
    console = Console(stderr=True)
    with (
        display(console) as shown,
        open_night(
            settings, on_loaded=on_loaded, on_step=shown.on_step, on_pace=shown.on_pace
        ) as night,
    ):
        for outcome in night.run(shown.each(plan(night))):
            if isinstance(outcome, Failure):
                failures.append(outcome)
                continue
            if isinstance(outcome, LoadReport):
                figures.note(outcome)
            for line in outcome.lines():
                typer.echo(line)
        figures.write(night.load.ledger.loaded_days(), failed=len(failures))
    for failure in failures:
        typer.echo(failure, err=True)
    if failures:
        raise typer.Exit(1)


def _day(value: str | None, name: str, settings: ExporterSettings) -> date:
    return requested_day(value, name=name, now=utc_now(), timezone=settings.business_timezone)
