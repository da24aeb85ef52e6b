"""`exporter query` as a user types it."""

import csv
import io
import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from exporter.__main__ import app

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True)
def _told(lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell the command which lake, and no password."""
    monkeypatch.setenv("EXPORTER_GLUE_DATABASE", lake.name)
    monkeypatch.setenv("EXPORTER_CLEAN_BUCKET", lake.name)


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["query", *arguments])


def test_a_named_question_is_answered_as_a_table() -> None:
    answer = ask("--name", "best_sellers", "--day", "2026-03-08")

    assert answer.exit_code == 0
    assert "Best sellers of the day: 2026-03-08" in answer.stdout
    assert "500.50" in answer.stdout


def test_a_table_that_goes_elsewhere_than_to_a_terminal_breaks_no_word() -> None:
    columns = ", ".join(f"'{'x' * 20}' AS a_column_with_a_long_name_{n}" for n in range(9))
    answer = ask("--sql", f"SELECT {columns}")

    assert "a_column_with_a_long_name_8" in answer.stdout
    assert answer.stdout.count("x" * 20) == 9


def test_without_a_day_it_is_asked_of_yesterday() -> None:
    answer = ask("--name", "best_sellers")

    assert answer.exit_code == 0
    assert "500.50" not in answer.stdout


def test_any_select_is_answered_quotes_and_all() -> None:
    sql = """SELECT id, product_display_name AS "the name" FROM products WHERE id = 2"""
    answer = ask("--sql", sql, "--format", "csv")

    assert list(csv.reader(io.StringIO(answer.stdout))) == [["id", "the name"], ["2", "Red shoe"]]


def test_a_select_may_ask_for_the_day() -> None:
    sql = "SELECT COUNT(*) AS n FROM purchase_lines WHERE business_day = :day"
    answer = ask("--sql", sql, "--day", "2026-03-08", "--format", "json")

    assert json.loads(answer.stdout) == {"n": 4}


def test_json_keeps_money_exact() -> None:
    answer = ask("--sql", "SELECT revenue, business_day FROM product_daily", "--format", "json")

    assert json.loads(answer.stdout) == {"revenue": "500.50", "business_day": "2026-03-08"}


def test_the_questions_are_listed() -> None:
    answer = ask("--list", "--format", "csv")

    assert answer.stdout.count("\n") == 11
    assert "slow_movers,Slow movers:" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Say either --name, --sql or --list."),
        (["--list", "--name", "cohorts"], "Say either --name, --sql or --list."),
        (["--name", "orders"], "There is no question orders; there are: best_sellers,"),
        (["--name", "cohorts", "--day", "2026-03-08"], "takes no --day."),
        (["--name", "best_sellers", "--day", "today"], "YYYY-MM-DD, not 'today'."),
        (["--name", "cohorts"], "The lake has no table cohort_retention; it has: events,"),
        (["--sql", "DROP TABLE events"], "Only one SELECT may be asked, not DROP."),
        (["--sql", "SELECT (1"], "The query is not valid: "),
        (["--sql", "SELECT colour FROM products"], "The query is not valid: "),
        (["--sql", "SELECT SUM(type) AS t FROM events"], "The query is not valid: "),
        (["--sql", "SELECT CAST('x' AS BIGINT) FROM events"], "The query is not valid: "),
        (["--sql", "SELECT 1 AS one", "--day", "2026-03-08"], "there is no :day."),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments: list[str], sentence: str) -> None:
    answer = ask(*arguments)

    assert answer.exit_code == 1
    assert sentence in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""
