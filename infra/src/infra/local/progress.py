"""What a person sees while things are being done: a line for each step, with its time."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from rich.console import Console


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
        self._console.print(f"  [green]✓[/] {what:<58} [dim]{perf_counter() - began:6.1f} s[/]")
