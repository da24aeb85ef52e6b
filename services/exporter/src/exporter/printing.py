"""Tables on the terminal, and in what a terminal's output is sent to."""

import sys

from rich.console import Console
from rich.table import Table


def print_table(table: Table) -> None:
    """Print the table: as wide as the terminal is, or where there is none, as it needs."""
    console = Console()
    if not console.is_terminal:
        unbounded = console.options.update(max_width=sys.maxsize)
        console = Console(width=console.measure(table, options=unbounded).maximum)
    console.print(table)
