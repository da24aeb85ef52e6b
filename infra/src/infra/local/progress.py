"""What a person sees while things are being done: a line for each step, with its time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

Report = Callable[[float, str], None]
"""Told the share that is done, from 0 to 1, and what there is to say about it."""


class Steps:
    """Show each step as it runs, and a line with its time when it is done."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show that `what` is being done for the time of the block."""
        began = perf_counter()
        with self._console.status(f"{what} ..."):
            yield
        self._done(what, began)

    @contextmanager
    def progress(self, what: str) -> Iterator[Report]:
        """Show a bar for the time of the block, moved by the function that it is given."""
        began = perf_counter()
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
        note = TextColumn("[dim]{task.fields[note]}")
        with Progress(*columns, note, console=self._console, transient=True) as bar:
            task = bar.add_task(what, total=1, note="")
            yield lambda share, words: bar.update(task, completed=share, note=words)
        self._done(what, began)

    def note(self, words: str) -> None:
        """Show what the last step has to say for itself."""
        for line in words.strip().splitlines():
            self._console.print(f"      [dim]{escape(line.strip())}[/]", highlight=False)

    def _done(self, what: str, began: float) -> None:
        self._console.print(f"  [green]✓[/] {what:<62} [dim]{perf_counter() - began:6.1f} s[/]")
