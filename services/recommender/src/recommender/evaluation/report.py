"""What an evaluation has found, as a table for people and as JSON for machines."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.table import Table

from recommender.evaluation.metrics import LENGTH, VIEWS, Figures
from recommender.evaluation.service import OURS, Report, Trial


def facts(report: Report) -> str:
    """Return one paragraph on what was measured."""
    data = report.data
    days = f", {data['train_begins']} to {data['train_ends']}" if data["train_begins"] else ""
    skipped = data["skipped_lines"]
    broken = f" Skipped {skipped:,} broken lines." if skipped else ""
    return (
        f"{report.name}: {data['format']}. Learnt from {data['train_sessions']:,} sessions with"
        f" {data['train_clicks']:,} clicks on {data['products']:,} products{days};"
        f" {data['predictions']:,} clicks to predict ({report.part}).{broken}"
    )


def table(report: Report) -> Table:
    """Return a row for each method, with both views side by side."""
    columns = [f"{view}\n{name}" for view in VIEWS for name in ("HR", "MRR", "NDCG", "cov")]
    shown = _table(f"{report.name} ({report.part}), % at {LENGTH}", "method", *columns)
    for column in ("learn\ns", "mean\nµs", "p99\nµs"):
        shown.add_column(column, justify="right")
    for result in report.results:
        measured = result.measurement
        cells = [cell for view in VIEWS for cell in _cells(measured.views[view])]
        cells.append(f"{result.learn_seconds:.1f}")
        cells += [f"{measured.microseconds_mean:,.0f}", f"{measured.microseconds_p99:,.0f}"]
        shown.add_row(result.method, *cells, style="bold" if result.method == OURS else None)
    return shown


def trials_table(trials: Sequence[Trial]) -> Table:
    """Return a row for each combination of settings tried, in the order given."""
    names = list(trials[0].changes)
    columns = ["novel\nHR", "novel\nMRR", "all\nHR", "all\nMRR"]
    shown = _table(f"ours on the validation part, % at {LENGTH}", *names, *columns)
    for trial in trials:
        views = trial.measurement.views
        cells = [cell for view in reversed(VIEWS) for cell in _cells(views[view])[:2]]
        shown.add_row(*trial.changes.values(), *cells)
    return shown


def write_json(report: Report, folder: Path) -> Path:
    """Write every figure into the folder; return the file."""
    path = path_of(report, folder, "json")
    path.write_text(json.dumps(report.to_json(), indent=2) + "\n")
    return path


def path_of(report: Report, folder: Path, suffix: str) -> Path:
    """Return where in the folder, which is made, the report's file of this kind goes."""
    folder.mkdir(parents=True, exist_ok=True)
    part = "" if report.part == "test" else f"-{report.part}"
    return folder / f"{report.name}{part}.{suffix}"


def _table(title: str, first: str, *columns: str) -> Table:
    shown = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    shown.add_column(f"\n{first}", no_wrap=True, min_width=10)
    for column in columns:
        shown.add_column(column, justify="right")
    return shown


def _cells(figures: Figures) -> list[str]:
    shares = (figures.hit_rate, figures.reciprocal_rank, figures.ndcg)
    return [*(f"{100 * share:.1f}" for share in shares), f"{100 * figures.coverage:.0f}"]
