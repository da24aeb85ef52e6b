"""`python -m exporter.queries best_sellers --day D`, or `--sql "SELECT ..."`: ask the lake.

It asks the endpoint that the standard AWS variables name.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exporter.queries.errors import QueryError
from exporter.queries.lake import LakeQueries, Result
from exporter.queries.questions import QUESTIONS
from fashion_kit.clock import day_of, utc_now
from infra import names
from infra.definitions import SCHEDULE


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask one question, or any other SELECT, and print the answer as a table."""
    options = _read(arguments)
    console = Console()
    questions = {question.name: question for question in QUESTIONS}
    queries = LakeQueries(options.database)
    try:
        if options.sql is not None:
            console.print(_table("", queries.query(options.sql)))
        else:
            question = questions[options.question]
            answer = queries.query(question.sql, day=options.day)
            console.print(_table(f"{question.title}: {options.day}", answer))
    except QueryError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    return 0


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m exporter.queries", description=main.__doc__)
    asked = parser.add_mutually_exclusive_group(required=True)
    names_of_questions = [question.name for question in QUESTIONS]
    asked.add_argument("question", nargs="?", choices=names_of_questions, help="a known question")
    asked.add_argument("--sql", help="one SELECT in Athena's SQL")
    parser.add_argument(
        "--day", type=date.fromisoformat, default=_yesterday(), help="business day (yesterday)"
    )
    parser.add_argument("--database", default=names.GLUE_DATABASE, help="Glue database")
    return parser.parse_args(arguments)


def _yesterday() -> date:
    return day_of(utc_now(), ZoneInfo(SCHEDULE.timezone)) - timedelta(days=1)


def _table(title: str, result: Result) -> Table:
    table = Table(title=title or None, title_justify="left")
    for name in result.columns:
        table.add_column(escape(name))
    for row in result.rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    return table


if __name__ == "__main__":
    sys.exit(main())
