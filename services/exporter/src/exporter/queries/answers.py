"""Answers as people and programs read them."""

import csv
import json
import sys
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

import typer
from rich.markup import escape
from rich.table import Table

from exporter.printing import print_table
from exporter.queries.lake import Result


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def show(result: Result, form: Format, *, title: str | None = None) -> None:
    """Print the answer: a table, CSV, or one JSON object a line in which money is text."""
    match form:
        case Format.TABLE:
            print_table(as_table(result, title))
        case Format.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerows([result.columns, *result.rows])
        case Format.JSON:
            for row in result.rows:
                named = dict(zip(result.columns, row, strict=True))
                typer.echo(json.dumps(named, default=str, ensure_ascii=False))
        case _:
            assert_never(form)


def as_table(result: Result, title: str | None = None) -> Table:
    """Return the answer as a table for the terminal, figures to the right."""
    table = Table(title=title, title_justify="left")
    for position, name in enumerate(result.columns):
        is_figure = any(isinstance(row[position], int | float | Decimal) for row in result.rows)
        table.add_column(escape(name), justify="right" if is_figure else "left", overflow="fold")
    for row in result.rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    return table
