"""Athena's SQL as it is read: what it needs of the lake, and what is refused before any is read."""

from datetime import date
from typing import Any

import pytest
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.expressions.parser import parse as iceberg_filter

from exporter.queries import QUESTIONS, Question
from exporter.queries.athena import bind, parse, plan, table_names
from exporter.queries.errors import (
    ForeignTableError,
    InvalidQueryError,
    NotASelectError,
    ParameterError,
)
from fashion_contracts.lake import TABLES
from fashion_contracts.marts import MARTS

TODAY = date(2026, 3, 8)
YESTERDAY = date(2026, 3, 7)
SCHEMAS = {
    table.name: {column.name: column.type.value for column in table.columns}
    for table in TABLES + MARTS
}


class TestRefusals:
    @pytest.mark.parametrize(
        "sql",
        [
            "DROP TABLE events",
            "INSERT INTO events SELECT * FROM events",
            "CREATE TABLE mine AS SELECT 1",
            "DELETE FROM events",
            "SELECT 1; SELECT 2",
            "SELECT 1; DROP TABLE events",
            "SELECT * INTO mine FROM events",
            "",
        ],
    )
    def test_only_one_select_may_be_asked(self, sql: str) -> None:
        with pytest.raises(NotASelectError):
            parse(sql, {})

    @pytest.mark.parametrize("sql", ["SELEC 1", "SELECT (1", "SELECT 'open"])
    def test_what_cannot_be_read_is_said_to_be_invalid(self, sql: str) -> None:
        with pytest.raises((InvalidQueryError, NotASelectError)):
            parse(sql, {})

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM read_csv('/etc/hostname')",
            "SELECT * FROM read_text('/etc/hostname')",
            "SELECT * FROM other_database.events",
        ],
    )
    def test_only_tables_of_the_lake_are_read(self, sql: str) -> None:
        with pytest.raises(ForeignTableError):
            table_names(parse(sql, {}), "lake")

    def test_an_unknown_column_is_named(self) -> None:
        with pytest.raises(InvalidQueryError, match="colour"):
            plan(parse("SELECT colour FROM events", {}), {"events": SCHEMAS["events"]})

    @pytest.mark.parametrize("given", [{}, {"day": TODAY, "hour": 3}])
    def test_parameters_must_fit(self, given: dict[str, Any]) -> None:
        with pytest.raises(ParameterError):
            parse("SELECT * FROM events WHERE business_day = :day", given)

    def test_a_text_parameter_stays_a_text(self) -> None:
        bound = parse("SELECT 1 FROM t WHERE a = :a", {"a": "x' OR '1'='1"})
        assert bound.sql() == "SELECT 1 FROM t WHERE a = 'x'' OR ''1''=''1'"


class TestNeeds:
    @pytest.mark.parametrize(
        ("where", "days"),
        [
            ("business_day = DATE '2026-03-08'", "business_day = '2026-03-08'"),
            ("DATE '2026-03-08' <= business_day", "business_day >= '2026-03-08'"),
            (
                "business_day >= DATE_ADD('day', -7, DATE '2026-03-08') AND type = 'purchase'",
                "business_day >= '2026-03-01'",
            ),
            (
                "(business_day BETWEEN DATE '2026-03-01' AND DATE '2026-03-08')",
                "business_day >= '2026-03-01' and business_day <= '2026-03-08'",
            ),
            (
                "business_day IN (DATE '2026-03-01', DATE '2026-03-08')",
                "business_day in ('2026-03-01', '2026-03-08')",
            ),
        ],
    )
    def test_only_days_that_can_matter_are_fetched(self, where: str, days: str) -> None:
        assert self._days(f"SELECT type FROM events WHERE {where}") == iceberg_filter(days)  # noqa: S608

    @pytest.mark.parametrize(
        "where",
        [
            "business_day = DATE '2026-03-08' OR type = 'purchase'",
            "NOT business_day = DATE '2026-03-08'",
            "business_day NOT IN (DATE '2026-03-08')",
            "business_day <> DATE '2026-03-08'",
            "business_day = CAST(received_at AS DATE)",
            "business_day IN (SELECT business_day FROM events)",
            "EXISTS (SELECT 1 FROM products WHERE events.business_day = DATE '2026-03-08')",
        ],
    )
    def test_where_it_is_not_certain_every_day_is_fetched(self, where: str) -> None:
        assert self._days(f"SELECT type FROM events WHERE {where}") == AlwaysTrue()  # noqa: S608

    def test_a_table_asked_twice_brings_the_days_of_both(self) -> None:
        sql = """
            SELECT 1 FROM events AS a JOIN events AS b ON a.event_id = b.event_id
            WHERE a.business_day = DATE '2026-03-01' AND b.business_day = DATE '2026-03-08'
        """
        both = "business_day = '2026-03-01' or business_day = '2026-03-08'"
        assert self._days(sql) == iceberg_filter(both)

    def test_only_columns_that_are_named_are_fetched(self) -> None:
        sql = "SELECT COUNT(DISTINCT shopper_key) FROM events WHERE type = 'purchase'"
        needs = plan(parse(sql, {}), {"events": SCHEMAS["events"]}).needs
        assert needs["events"].columns == {"shopper_key", "type"}

    @pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
    def test_no_question_of_a_day_reads_more_than_its_days(self, question: Question) -> None:
        query = parse(question.sql, question.parameters(TODAY))
        schemas = {name: SCHEMAS[name] for name in table_names(query, "lake")}
        needs = plan(query, schemas).needs
        daily = {name for name in needs if "business_day" in SCHEMAS[name]}
        assert all(needs[name].days != AlwaysTrue() for name in daily)

    def _days(self, sql: str) -> Any:
        query = parse(sql, {})
        schemas = {name: SCHEMAS[name] for name in table_names(query, "lake")}
        return plan(query, schemas).needs["events"].days


class TestText:
    @pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
    def test_a_bound_question_is_plain_athena(self, question: Question) -> None:
        told = question.parameters(TODAY)
        text = bind(question.sql, **told)
        assert ":day" not in text.partition("SELECT")[2]
        assert parse(text, {}).sql("athena") == parse(question.sql, told).sql("athena")

    @pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
    def test_a_question_has_a_title(self, question: Question) -> None:
        assert question.title
        assert not question.title.startswith("-")
