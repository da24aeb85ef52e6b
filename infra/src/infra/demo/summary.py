"""What the demo shows at its end, for people and, in one line, for machines."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exporter.queries import Question, Result
from exporter.queries.answers import as_table
from infra.demo.follow import Pick, Story
from infra.demo.reconcile import Check
from loadtest.reports import CrowdReport, summarise


@dataclass(frozen=True)
class Summary:
    """The figures of one demo."""

    ok: bool
    purchases: int
    events_accepted: int
    events_in_lake: int
    click_to_pick_ms_p50: float
    click_to_pick_ms_p95: float
    lake_purchases: int
    revenue_mysql: Decimal
    revenue_lake: Decimal
    oversold: int
    seconds: float

    def line(self) -> str:
        """Return the demo's last line."""
        return f"DEMO {self._json()}"

    def write(self, path: Path) -> None:
        """Write the same figures to a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._json() + "\n")

    def _json(self) -> str:
        return json.dumps(asdict(self), default=str)


def show_story(console: Console, name: str, story: Story) -> None:
    """Show what the followed shopper was shown before and after her clicks."""
    table = Table(title=f"{name} looks around", title_justify="left", expand=True)
    for heading in ("picks before", "what she clicked", "picks after"):
        table.add_column(heading, ratio=1)
    rows = max(len(story.before), len(story.clicked), len(story.after))
    for row in range(rows):
        table.add_row(*(_cell(picks, row) for picks in (story.before, story.clicked, story.after)))
    console.print(table)


def show_crowd(console: Console, crowd: CrowdReport) -> None:
    """Show what the crowd did, and how long it waited for each kind of answer."""
    total = crowd.total
    console.print(
        f"{crowd.shoppers} shoppers made {total.visits} visits and {total.requests:,} requests in "
        f"{crowd.seconds:.0f} s; {total.picks_clicked} of {total.picks_shown} picks shown were "
        f"clicked; {len(total.errors)} answers were errors, "
        f"{sum(total.connection_errors.values())} connections broke."
    )
    table = Table("request", "count", "p50 ms", "p95 ms", "p99 ms")
    for name, times in sorted(total.milliseconds.items()):
        figures = summarise(times)
        table.add_row(
            name, *(f"{figures[key]:,}" for key in ("count", "p50_ms", "p95_ms", "p99_ms"))
        )
    console.print(table)


def show_answer(console: Console, question: Question, result: Result) -> None:
    """Show the answer to one question as a table."""
    console.print(as_table(result, question.title))


def show_checks(console: Console, checks: Sequence[Check]) -> None:
    """Show what was compared, and whether it is equal."""
    table = Table("what must hold", "figure", "figure", "", title="The books against the lake")
    table.title_justify = "left"
    for check in checks:
        mark = "[green]✓[/]" if check.holds else "[red]✗[/]"
        table.add_row(check.what, as_figure(check.left), as_figure(check.right), mark)
    console.print(table)


def _cell(picks: Sequence[Pick], row: int) -> str:
    return escape(picks[row].name) if row < len(picks) else ""


def as_figure(value: object) -> str:
    """Return a figure, or how far two sets differ, as people read it."""
    if isinstance(value, (set, frozenset)):
        return f"{len(value)} differ" if value else "none differs"
    return f"{value:,}" if isinstance(value, (int, float, Decimal)) else str(value)
