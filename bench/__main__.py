"""`python -m bench [NAME ...]`: run the benchmarks, print their tables, keep their figures.

A benchmark is a module of this folder with `run() -> dict`; its `variants` become the table, and
the tables of its `parts` follow.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

BENCHMARKS = ("storefront", "recommender", "fold", "learning")
FIGURES = Path(__file__).parents[1] / "build/bench"

console = Console()


def main() -> None:
    """Run the benchmarks named, or all of them."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or BENCHMARKS:
        module = importlib.import_module(f"bench.{name}")
        with console.status(f"Measuring {name} ..."):
            figures = module.run()
        (FIGURES / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")
        _show(name, figures)


def _show(name: str, figures: dict[str, Any]) -> None:
    variants: list[dict[str, Any]] = figures["variants"]
    table = Table(title=figures.get("title", name), title_justify="left")
    for column in variants[0]:
        table.add_column(column, justify="left" if column == "variant" else "right")
    for variant in variants:
        table.add_row(*(_text(value) for value in variant.values()))
    console.print(table)
    for key, value in figures.items():
        if key not in ("title", "variants", "parts"):
            console.print(f"  {key}: {_text(value)}")
    for part, its_figures in figures.get("parts", {}).items():
        _show(part, its_figures)


def _text(value: object) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
