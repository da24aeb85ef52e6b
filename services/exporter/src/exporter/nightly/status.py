"""The days at a glance: which are loaded, with what, and which changed since."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rich.table import Table

from exporter.books.fingerprints import Fingerprints
from exporter.nightly.days import days_between
from exporter.nightly.ledger import Ledger, RunState


@dataclass(frozen=True)
class DayStatus:
    """What the ledger knows of one day, and whether the database says otherwise by now."""

    day: date
    state: str
    run_id: str
    details: Mapping[str, Any]
    is_changed: bool | None
    """None where there is nothing to compare."""

    def cells(self) -> dict[str, str]:
        """Return it column by column; what is not known is a dash."""
        totals = self.details.get("totals", {})
        seconds = self.details.get("seconds")
        counts = [int(count) for name, count in totals.items() if name.endswith(".rows")]
        return {
            "day": str(self.day),
            "state": self.state,
            "rows": f"{sum(counts):,}" if totals else "-",
            "revenue": f"{Decimal(totals['purchases.total']):,}" if totals else "-",
            "run": self.run_id or "-",
            "seconds": "-" if seconds is None else f"{seconds:.1f}",
            "started": self.details.get("started_at", "-"),
            "changed": {None: "-", True: "yes", False: "no"}[self.is_changed],
        }


def statuses(
    ledger: Ledger, fingerprints: Fingerprints, last: date, latest: int
) -> Iterator[DayStatus]:
    """Yield the latest days up to the last one; days that no run ever began are missing."""
    runs = {run.day: run for run in ledger.latest_runs()}
    if not runs:
        return
    days = days_between(min(runs), max(last, *runs))
    shown = days[max(0, len(days) - latest) :]
    details = {day: ledger.details(runs[day]) for day in shown if day in runs}
    compared = [day for day in details if runs[day].state is RunState.LOADED]
    now = fingerprints.of(compared)
    for day in shown:
        run, known = runs.get(day), details.get(day, {})
        is_changed = known.get("fingerprint") != now[day] if day in now else None
        state, run_id = (run.state.value, run.id) if run else ("missing", "")
        yield DayStatus(day, state, run_id, known, is_changed)


def as_table(days: Sequence[DayStatus]) -> Table:
    """Return the days as a terminal shows them."""
    table = Table()
    for name in days[0].cells() if days else ():
        table.add_column(
            name, justify="right" if name in {"rows", "revenue", "seconds"} else "left"
        )
    for day in days:
        table.add_row(*day.cells().values())
    return table


def as_line(day: DayStatus) -> str:
    """Return a day as programs read it: `name=value`, after the day and its state."""
    cells = day.cells()
    shown = [f"{name}={value}" for name, value in cells.items() if name not in {"day", "state"}]
    return " ".join((cells["day"], cells["state"], *shown))
