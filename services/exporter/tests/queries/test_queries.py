"""Athena's SQL on this machine: what it means, what it needs, what is refused."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from exporter.lake.catalog import open_catalog
from exporter.lake.tables import iceberg_schema, partition_spec
from exporter.queries import QUESTIONS, LakeQueries, Question
from exporter.queries.__main__ import main
from exporter.queries.errors import (
    InvalidQueryError,
    UnknownTableError,
)
from fashion_contracts.lake import EVENTS, PRODUCTS, PURCHASE_LINES, TABLES, Table
from fashion_kit import aws as kit_aws
from fashion_kit.ids import new_id
from infra.local.aws_endpoint import AwsEndpoint

TODAY = date(2026, 3, 8)
YESTERDAY = date(2026, 3, 7)
SCHEMAS = {
    table.name: {column.name: column.type.value for column in table.columns} for table in TABLES
}


class Lake:
    """A Glue database of its own, with the contract's tables."""

    def __init__(self, catalog: Catalog, name: str) -> None:
        self.name = name
        self._catalog = catalog
        self.queries = LakeQueries(name, catalog=catalog)

    def create(self, table: Table) -> None:
        schema = iceberg_schema(table)
        self._catalog.create_table(
            (self.name, table.name),
            schema,
            location=f"s3://{self.name}/{table.name}",
            partition_spec=partition_spec(table, schema),
        )

    def add(self, table: Table, *rows: dict[str, Any]) -> None:
        stored = self._catalog.load_table((self.name, table.name))
        stored.append(pa.Table.from_pylist(list(rows), schema=stored.schema().as_arrow()))

    def value(self, expression: str) -> Any:
        """Return what an expression comes to, over one row of `events`."""
        return self.queries.query(f"SELECT {expression} FROM events LIMIT 1").rows[0][0]  # noqa: S608


def product(number: int, name: str, sub_category: str) -> dict[str, Any]:
    return {
        "id": number,
        "product_display_name": name,
        "article_type": sub_category,
        "sub_category": sub_category,
        "price": Decimal("100.00"),
        "currency": "INR",
        "stock": 5,
        "is_active": True,
        "updated_at": datetime(2026, 3, 1, tzinfo=UTC),
    }


def line(purchase: str, product_id: int, quantity: int, user: str, day: date) -> dict[str, Any]:
    return {
        "purchase_id": purchase,
        "line_number": 1,
        "user_key": user,
        "product_id": product_id,
        "quantity": quantity,
        "unit_price": Decimal("100.10"),
        "line_total": quantity * Decimal("100.10"),
        "currency": "INR",
        "purchased_at": datetime(2026, 3, 8, 3, tzinfo=UTC),
        "business_day": day,
    }


def event(shopper: str, kind: str, product_id: int | None, day: date = TODAY) -> dict[str, Any]:
    return {
        "event_id": new_id(),
        "type": kind,
        "shopper_key": shopper,
        "is_anonymous": False,
        "session_id": "visit",
        "product_id": product_id,
        "event_time": datetime(2026, 3, 7, 23, 30, tzinfo=UTC),
        "received_at": datetime(2026, 3, 8, 0, 30, tzinfo=UTC),
        "business_day": day,
    }


def new_lake() -> Lake:
    name = f"lake-{new_id().lower()}"
    kit_aws.client("s3").create_bucket(Bucket=name)
    catalog = open_catalog()
    catalog.create_namespace(name)
    lake = Lake(catalog, name)
    for table in (EVENTS, PRODUCTS, PURCHASE_LINES):
        lake.create(table)
    return lake


@pytest.fixture(scope="module")
def empty_lake(aws: AwsEndpoint) -> Lake:
    """Return a lake whose tables have no rows."""
    return new_lake()


@pytest.fixture(scope="module")
def lake(aws: AwsEndpoint) -> Lake:
    """Return a lake with two days of a small shop."""
    lake = new_lake()
    lake.add(PRODUCTS, product(1, "Blue shirt", "Topwear"), product(2, "Red shoe", "Shoes"))
    lake.add(
        PURCHASE_LINES,
        line("P1", 1, 2, "ann", TODAY),
        line("P2", 2, 5, "bob", TODAY),
        line("P3", 1, 1, "bob", TODAY),
        line("P4", 7, 1, "eve", TODAY),
        line("P0", 1, 99, "ann", YESTERDAY),
    )
    lake.add(
        EVENTS,
        event("ann", "product_view", 1),
        event("ann", "add_to_cart", 1),
        event("ann", "purchase", 1),
        event("bob", "list_click", 2),
        event("bob", "add_to_cart", 2),
        event("cid", "product_view", 2),
        event("dan", "purchase", 2),
        event("eve", "search", None),
        *[event("ann", "product_view", 2, YESTERDAY) for _ in range(14)],
    )
    return lake


def ask(lake: Lake, name: str, day: date = TODAY) -> Sequence[tuple[Any, ...]]:
    [question] = [question for question in QUESTIONS if question.name == name]
    return lake.queries.query(question.sql, day=day).rows


@pytest.mark.servers
class TestQuestions:
    def test_best_sellers_are_ranked_by_the_days_units(self, lake: Lake) -> None:
        assert ask(lake, "best_sellers") == [
            (2, "Red shoe", "Shoes", 5, Decimal("500.50"), 1),
            (1, "Blue shirt", "Topwear", 3, Decimal("300.30"), 2),
            (7, None, None, 1, Decimal("100.10"), 1),
        ]

    def test_categories_are_compared_with_their_week(self, lake: Lake) -> None:
        # Topwear: 1 + 4 + 6 against nothing; Shoes: 1 + 4 + 1 + 6 against 14 views in 7 days.
        assert ask(lake, "trending_categories") == [
            ("Topwear", 11, 1, 0.0, 12.0),
            ("Shoes", 12, 3, 2.0, 4.33),
        ]

    def test_the_funnel_counts_shoppers_who_took_every_step(self, lake: Lake) -> None:
        assert ask(lake, "view_to_purchase_funnel") == [
            (1, "looked at a product", 3, 100.0),
            (2, "put one into the cart", 2, 66.7),
            (3, "bought", 1, 50.0),
        ]

    def test_another_day_has_another_answer(self, lake: Lake) -> None:
        assert [row[3] for row in ask(lake, "best_sellers", YESTERDAY)] == [99]

    @pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
    def test_an_empty_lake_has_an_answer(self, question: Question, empty_lake: Lake) -> None:
        rows = empty_lake.queries.query(question.sql, day=TODAY).rows
        assert not any(value for row in rows for value in row[2:])


@pytest.mark.servers
class TestMeaning:
    """Each function of the questions, and each trap near them, gives what Trino documents."""

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("1 / 2", 0),
            ("-7 / 2", -3),
            ("7 % -2", 1),
            ("COUNT(*) / 4", 5),
            ("CAST(1 AS DOUBLE) / 7", 1 / 7),
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
                "DATE_DIFF('day', TIMESTAMP '2026-03-01 23:00:00',"
                " TIMESTAMP '2026-03-02 01:00:00')",
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
        ],
    )
    def test_it_is_what_athena_answers(self, expression: str, expected: Any, lake: Lake) -> None:
        assert lake.value(expression) == expected

    def test_nulls_come_last_in_either_direction(self, lake: Lake) -> None:
        for direction in ("ASC", "DESC"):
            rows = lake.queries.query(
                f"SELECT product_id FROM events WHERE business_day = :day"  # noqa: S608
                f" GROUP BY product_id ORDER BY product_id {direction}",
                day=TODAY,
            ).rows
            assert rows[-1] == (None,)

    def test_sums_of_money_stay_exact(self, lake: Lake) -> None:
        total = "SELECT SUM(line_total) FROM purchase_lines WHERE business_day = DATE '2026-03-08'"
        assert lake.queries.query(total).rows == [(Decimal("900.90"),)]

    @pytest.mark.parametrize(
        "expression", ["SUM(line_total) / 2", "AVG(line_total)", "SUM(quantity) / 7.0"]
    )
    def test_a_decimal_whose_scale_would_differ_is_refused(
        self, expression: str, lake: Lake
    ) -> None:
        with pytest.raises(InvalidQueryError, match="cast to DOUBLE"):
            lake.queries.query(f"SELECT {expression} FROM purchase_lines")  # noqa: S608

    def test_the_result_names_its_columns(self, lake: Lake) -> None:
        result = lake.queries.query("SELECT type AS kind, COUNT(*) AS n FROM events GROUP BY type")
        assert result.columns == ["kind", "n"]

    def test_the_database_may_be_named(self, lake: Lake) -> None:
        named = f'SELECT COUNT(*) FROM "{lake.name}"."products"'  # noqa: S608
        assert lake.queries.query(named).rows == [(2,)]

    def test_rows_of_a_common_table_are_no_table_of_the_lake(self, lake: Lake) -> None:
        query = "WITH t AS (SELECT id FROM products) SELECT COUNT(*) FROM t JOIN t AS u USING (id)"
        assert lake.queries.query(query).rows == [(2,)]


@pytest.mark.servers
class TestOutOfReach:
    def test_an_unknown_table_is_named_with_those_there_are(self, lake: Lake) -> None:
        with pytest.raises(UnknownTableError, match=r"no table orders; .*products"):
            lake.queries.query("SELECT * FROM orders")

    def test_files_of_this_machine_are_out_of_reach(self, lake: Lake) -> None:
        with pytest.raises(InvalidQueryError):
            lake.queries.query("SELECT GETENV('HOME') FROM events")


@pytest.mark.servers
class TestCommand:
    def test_it_prints_the_answer_as_a_table(
        self, lake: Lake, capsys: pytest.CaptureFixture[str]
    ) -> None:
        day = TODAY.isoformat()
        assert main(["best_sellers", "--day", day, "--database", lake.name]) == 0
        assert "Red shoe" in capsys.readouterr().out

    def test_it_takes_any_select(self, lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
        sql = "SELECT COUNT(*) AS n FROM products"
        assert main(["--sql", sql, "--database", lake.name]) == 0
        assert "2" in capsys.readouterr().out

    def test_a_bad_query_is_one_sentence(
        self, lake: Lake, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--sql", "DROP TABLE events", "--database", lake.name]) == 1
        assert "Only one SELECT" in capsys.readouterr().out
