"""What a person at a terminal sees of a load: its day, its step, and how far its rows are."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from exporter.nightly.progress import Pace, PaceLog


class Terminal:
    """One line: spinner, day and step, bar, rows."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("begin", total=None, pace="")
        self._day: date | None = None

    def each(self, days: Iterable[date]) -> Iterator[date]:
        """Pass the days on, and name each from now on."""
        for self._day in days:
            yield self._day

    def on_step(self, step: str) -> None:
        """Show the step, with no rows yet."""
        self._progress.reset(self._task, total=None, description=f"{self._day}: {step}", pace="")

    def on_pace(self, pace: Pace) -> None:
        """Show the rows."""
        self._progress.update(self._task, completed=pace.rows, total=pace.total, pace=str(pace))


class Silence:
    """Leaves it to the logs."""

    def __init__(self) -> None:
        self.on_pace = PaceLog()

    def each(self, days: Iterable[date]) -> Iterable[date]:
        """Pass the days on."""
        return days

    def on_step(self, step: str) -> None:
        """Say nothing."""


@contextmanager
def display(console: Console) -> Iterator[Terminal | Silence]:
    """Yield what shows progress on a terminal; elsewhere only the logs tell."""
    if not console.is_terminal:
        yield Silence()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, TextColumn("{task.fields[pace]}"), console=console) as progress:
        yield Terminal(progress)
