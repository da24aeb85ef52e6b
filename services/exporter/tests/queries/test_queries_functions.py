"""Each function that a question or a mart uses gives what Trino documents; no other is used."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from exporter.marts.definitions import ALL_MARTS
from exporter.queries import QUESTIONS
from exporter.queries.errors import InvalidQueryError

TODAY = date(2026, 3, 8)
TEXTS = {question.name: question.sql for question in QUESTIONS}
TEXTS |= {mart.table.name: mart.sql for mart in ALL_MARTS}
# What Trino answers for each expression over the rows of `events`.
ANSWERS = [
    ("1 / 2", 0),
    ("-7 / 2", -3),
    ("7 % -2", 1),
    ("COUNT(*) / 4", 5),
    ("CAST(1 AS DOUBLE) / 7", 1 / 7),
    ("CEIL(CAST(7 AS DOUBLE) / 5)", 2.0),
    ("CEIL(CAST(10 AS DOUBLE) / 5)", 2.0),
    ("ROUND(CAST(2.5 AS DOUBLE))", 3.0),
    ("ROUND(CAST(-2.5 AS DOUBLE))", -3.0),
    ("ROUND(100 * CAST(2 AS DOUBLE) / 3, 1)", 66.7),
    ("1 / NULLIF(0, 0)", None),
    ("COALESCE(NULL, 3)", 3),
    ("DATE_ADD('day', -7, DATE '2026-03-08')", date(2026, 3, 1)),
    ("DATE '2026-03-08' - INTERVAL '7' DAY", date(2026, 3, 1)),
    (
        "DATE_ADD('day', DATE_DIFF('day', DATE '2026-03-01', DATE '2026-03-03'),"
        " DATE '2026-03-08')",
        date(2026, 3, 10),
    ),
    ("DATE_DIFF('day', DATE '2026-03-01', DATE '2026-03-08')", 7),
    ("DATE_DIFF('day', DATE '2026-03-08', DATE '2026-03-01')", -7),
    (
        "DATE_DIFF('day', TIMESTAMP '2026-03-01 23:00:00', TIMESTAMP '2026-03-02 01:00:00')",
        0,
    ),
    ("DATE_DIFF('month', DATE '2026-01-31', DATE '2026-02-27')", 0),
    ("CAST(DATE_TRUNC('month', DATE '2026-03-08') AS DATE)", date(2026, 3, 1)),
    ("MAX(DATE_TRUNC('hour', event_time))", datetime(2026, 3, 7, 23, tzinfo=UTC)),
    (
        "MAX(CAST(event_time AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE))",
        date(2026, 3, 8),
    ),
    ("DATE_FORMAT(DATE '2026-03-08', '%Y/%m/%d')", "2026/03/08"),
    ("DAY_OF_WEEK(DATE '2026-03-08')", 7),
    ("APPROX_DISTINCT(business_day)", 2),
    ("COUNT(DISTINCT shopper_key)", 5),
    ("COUNT_IF(type = 'purchase')", 2),
    ("SUM(CASE WHEN type = 'purchase' THEN 1 ELSE 0 END)", 2),
    ("CASE 'b' WHEN 'a' THEN 1 ELSE 2 END", 2),
    ("TRY_CAST('x' AS BIGINT)", None),
    ("CAST(3 AS VARCHAR) || 'a'", "3a"),
    ("MAX_BY(shopper_key, business_day) IS NOT NULL", True),
    ("ARRAY_JOIN(ARRAY_AGG(DISTINCT CAST(7 AS VARCHAR)), ',')", "7"),
    ("COUNT_IF(type = 'purchase' AND type = 'search')", 0),
    ("COUNT_IF(type = 'x') FILTER (WHERE type = 'y')", 0),
    ("ABS(-2)", 2),
    ("SQRT(CAST(16 AS DOUBLE))", 4.0),
    ("ABS(CAST(-2.5 AS DOUBLE))", 2.5),
    ("MIN(business_day)", date(2026, 3, 7)),
    ("AVG(CAST(quantity AS DOUBLE))", None),
    ("AVG(CAST(7 AS DOUBLE))", 7.0),
    ("SUM(1) / NULLIF(SUM(0), 0)", None),
]
# Windows, whose answers are a column: the five shoppers of the day by how much they did.
WINDOWS = [
    ("NTILE(2) OVER (ORDER BY COUNT(*), shopper_key)", [1, 1, 1, 2, 2]),
    ("ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC, shopper_key)", [3, 4, 5, 2, 1]),
]


def functions_of(sql: str) -> set[str]:
    """Return the functions and casts that the text uses; AND, OR and CASE are no functions."""
    nodes = sqlglot.parse_one(sql, read="athena").find_all(exp.Func)
    grammar = (exp.Connector, exp.Case, exp.If, exp.Exists)
    return {
        node.name.upper() if isinstance(node, exp.Anonymous) else node.sql_name()
        for node in nodes
        if not isinstance(node, grammar)
    }


class TestList:
    TESTED = set().union(*(functions_of(f"SELECT {text}") for text, _ in ANSWERS + WINDOWS))

    @pytest.mark.parametrize("name", TEXTS)
    def test_only_functions_whose_answer_is_tested_are_used(self, name: str) -> None:
        assert functions_of(TEXTS[name]) <= self.TESTED

    @pytest.mark.parametrize("name", TEXTS)
    def test_the_text_is_athenas(self, name: str) -> None:
        read = sqlglot.parse_one(TEXTS[name], read="athena")
        assert sqlglot.parse_one(read.sql("athena"), read="athena") == read


@pytest.mark.servers
class TestMeaning:
    """Each trap near the functions is tested as well."""

    @pytest.mark.parametrize(("expression", "expected"), ANSWERS)
    def test_it_is_what_athena_answers(self, expression: str, expected: Any, lake: Any) -> None:
        assert lake.value(expression) == expected

    @pytest.mark.parametrize(("window", "expected"), WINDOWS)
    def test_a_window_is_what_athena_answers(
        self, window: str, expected: list[int], lake: Any
    ) -> None:
        rows = lake.queries.query(
            f"SELECT {window} AS w, COUNT(*) AS acts FROM events WHERE business_day = :day"  # noqa: S608
            " GROUP BY shopper_key ORDER BY acts, shopper_key",
            day=TODAY,
        ).rows
        assert [row[0] for row in rows] == expected

    def test_nulls_come_last_in_either_direction(self, lake: Any) -> None:
        for direction in ("ASC", "DESC"):
            rows = lake.queries.query(
                f"SELECT product_id FROM events WHERE business_day = :day"  # noqa: S608
                f" GROUP BY product_id ORDER BY product_id {direction}",
                day=TODAY,
            ).rows
            assert rows[-1] == (None,)

    def test_sums_of_money_stay_exact(self, lake: Any) -> None:
        total = "SELECT SUM(line_total) FROM purchase_lines WHERE business_day = DATE '2026-03-08'"
        assert lake.queries.query(total).rows == [(Decimal("900.90"),)]

    @pytest.mark.parametrize(
        "expression", ["SUM(line_total) / 2", "AVG(line_total)", "SUM(quantity) / 7.0"]
    )
    def test_a_decimal_whose_scale_would_differ_is_refused(
        self, expression: str, lake: Any
    ) -> None:
        with pytest.raises(InvalidQueryError, match="cast to DOUBLE"):
            lake.queries.query(f"SELECT {expression} FROM purchase_lines")  # noqa: S608

    def test_the_result_names_its_columns(self, lake: Any) -> None:
        result = lake.queries.query("SELECT type AS kind, COUNT(*) AS n FROM events GROUP BY type")
        assert result.columns == ["kind", "n"]

    def test_the_database_may_be_named(self, lake: Any) -> None:
        named = f'SELECT COUNT(*) FROM "{lake.name}"."products"'  # noqa: S608
        assert lake.queries.query(named).rows == [(2,)]

    def test_rows_of_a_common_table_are_no_table_of_the_lake(self, lake: Any) -> None:
        query = "WITH t AS (SELECT id FROM products) SELECT COUNT(*) FROM t JOIN t AS u USING (id)"
        assert lake.queries.query(query).rows == [(2,)]
