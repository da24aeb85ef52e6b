"""`exporter query`: ask the lake, by a question's name or in Athena's SQL."""

from datetime import date, timedelta
from typing import Annotated

import typer

from exporter.queries.answers import Format, show
from exporter.queries.errors import ChoiceError, QueryError
from exporter.queries.lake import LakeQueries, Result
from exporter.queries.questions import QUESTIONS, question_named
from exporter.settings import LakeSettings
from fashion_kit.clock import day_of, utc_now


def query(
    name: Annotated[str | None, typer.Option(help="A question that has a name.")] = None,
    sql: Annotated[str | None, typer.Option(help="One SELECT in Athena's SQL.")] = None,
    day: Annotated[
        str | None, typer.Option(help="YYYY-MM-DD; by default yesterday in the shop's timezone.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
    is_list: Annotated[bool, typer.Option("--list", help="Print the questions' names.")] = False,
) -> None:
    """Ask the lake, and print the answer."""
    try:
        if [name is not None, sql is not None, is_list].count(True) != 1:
            raise ChoiceError("Say either --name, --sql or --list.")
        if is_list:
            rows = [(question.name, question.title) for question in QUESTIONS]
            show(Result(["name", "question"], rows), form)
        elif name is not None:
            _ask_named(name, day, form)
        elif sql is not None:
            _ask(sql, day, form)
    except QueryError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from None


def _ask_named(name: str, day: str | None, form: Format) -> None:
    question, settings = question_named(name), LakeSettings()
    if day is not None and not question.asks_day:
        raise ChoiceError(f"{name} looks at the latest load and takes no --day.")
    asked = _yesterday(settings) if day is None else _date(day)
    answer = LakeQueries(settings.glue_database).query(question.sql, **question.parameters(asked))
    show(answer, form, title=f"{question.title}: {asked}" if question.asks_day else question.title)


def _ask(sql: str, day: str | None, form: Format) -> None:
    parameters = {} if day is None else {"day": _date(day)}
    show(LakeQueries(LakeSettings().glue_database).query(sql, **parameters), form)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ChoiceError(f"--day must be a date written YYYY-MM-DD, not {text!r}.") from None


def _yesterday(settings: LakeSettings) -> date:
    return day_of(utc_now(), settings.business_timezone) - timedelta(days=1)
