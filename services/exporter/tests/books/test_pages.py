"""Pages: what MySQL holds is what Arrow has, to the byte, however the pages are cut."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from exporter.books.pages import Children, Field, PageReader, Select, one_ahead
from exporter.books.selects import LINES
from exporter.errors import PageCutError
from fashion_contracts.lake import PURCHASE_LINES

ANYTHING = Select(
    "anything",
    "t.id",
    (
        Field("id", pa.int64()),
        Field("words", pa.string(), nullable=True),
        Field("money", pa.decimal128(12, 2), nullable=True),
        Field("number", pa.int64(), nullable=True),
        Field("moment", pa.timestamp("us"), nullable=True),
        Field("day", pa.date32(), nullable=True),
        Field("is_so", pa.bool_(), nullable=True),
    ),
    sums=("money",),
)
# MySQL holds every character but a lone surrogate; NULL, "" and the text NULL are three values.
ODD_TEXTS = ["", "NULL", "N/A", '"', "\\N", ",\n\r\n", "\x00", "👗"]
TEXTS = (
    st.none()
    | st.sampled_from(ODD_TEXTS)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "words": TEXTS,
            "money": st.none() | st.decimals("-9999999999.99", "9999999999.99", places=2),
            "number": st.none() | st.integers(-(2**63), 2**63 - 1),
            "moment": st.none() | st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)),  # noqa: DTZ001
            "day": st.none() | st.dates(date(1000, 1, 1), date(9999, 12, 31)),
            "is_so": st.none() | st.booleans(),
        }
    ),
    max_size=12,
)


@pytest.fixture
def connection(owner_engine: Engine) -> Iterator[Connection]:
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text(
                "CREATE TEMPORARY TABLE anything (id BIGINT PRIMARY KEY, words TEXT, money"
                " DECIMAL(12, 2), number BIGINT, moment DATETIME(6), day DATE, is_so BOOLEAN)"
                " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
            )
        )
        connection.execute(text("SET SESSION group_concat_max_len = 4294967295"))
        yield connection
        connection.execute(text("DROP TEMPORARY TABLE anything"))


def put(connection: Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(text("DELETE FROM anything"))
    if rows:
        statement = (
            "INSERT INTO anything VALUES (:id, :words, :money, :number, :moment, :day, :is_so)"
        )
        connection.execute(text(statement), rows)


def read(
    connection: Connection, select: Select = ANYTHING, *, page_rows: int
) -> list[dict[str, Any]]:
    reader = PageReader(connection, {}, page_rows=page_rows)
    pages = reader.pages(ANYTHING, reader.bounds(ANYTHING))
    return [row for (page,) in pages for row in page.parse(ANYTHING.schema).to_pylist()]


def test_every_value_is_read_exactly_as_mysql_holds_it(connection: Connection) -> None:
    @settings(max_examples=60)
    @given(ROWS, st.integers(1, 5))
    def holds(rows: list[dict[str, Any]], page_rows: int) -> None:
        numbered = [{"id": 3 * number} | row for number, row in enumerate(rows)]
        put(connection, numbered)
        expected = connection.execute(text("SELECT * FROM anything ORDER BY id")).mappings().all()

        found = read(connection, page_rows=page_rows)

        assert found == [
            {**row, "is_so": None if row["is_so"] is None else bool(row["is_so"])}
            for row in expected
        ]

    holds()


def test_the_server_tells_counts_and_sums_with_each_page(connection: Connection) -> None:
    put(connection, [anything(number, money=Decimal(number)) for number in range(5)])
    reader = PageReader(connection, {}, page_rows=2)
    bounds = reader.bounds(ANYTHING)

    pages = [page for (page,) in reader.pages(ANYTHING, bounds)]

    assert (bounds.first, bounds.last, bounds.rows) == (0, 4, 5)
    assert [page.rows for page in pages] == [2, 2, 1]
    assert [page.sums["money"] for page in pages] == [Decimal(1), Decimal(5), Decimal(4)]


def test_nothing_is_read_of_an_empty_table(connection: Connection) -> None:
    put(connection, [])

    assert read(connection, page_rows=10) == []


def test_a_page_that_the_server_cuts_is_read_again_in_halves(connection: Connection) -> None:
    put(connection, [anything(number, words="w" * 100) for number in range(9)])
    connection.execute(text("SET SESSION group_concat_max_len = 300"))

    found = read(connection, page_rows=8)

    assert [(row["id"], len(row["words"])) for row in found] == [(n, 100) for n in range(9)]


def test_a_row_that_the_server_cuts_is_an_error(connection: Connection) -> None:
    put(connection, [anything(1, words="w" * 400)])
    connection.execute(text("SET SESSION group_concat_max_len = 300"))

    with pytest.raises(PageCutError, match="max_allowed_packet"):
        read(connection, page_rows=8)


def test_rows_that_the_condition_leaves_out_cost_no_page_its_children(
    connection: Connection,
) -> None:
    put(connection, [anything(number, number=number % 2) for number in range(10)])
    odd = Select("anything", "t.id", ANYTHING.fields[:1], "t.number = 1")
    children = Children(Select("anything", "t.id", ANYTHING.fields[:1]), odd)
    reader = PageReader(connection, {}, page_rows=3)

    pages = list(reader.pages(odd, reader.bounds(odd), children))

    assert [own.rows for _, own in pages] == [page.rows for page, _ in pages]
    assert sum(page.rows for page, _ in pages) == 5


def test_rows_come_in_the_order_that_is_asked_for_whatever_the_server_reads_first(
    connection: Connection,
) -> None:
    put(connection, [anything(number, number=-number) for number in range(10)])
    backwards = Select("anything", "t.id", ANYTHING.fields[:1], order="t.number")
    reader = PageReader(connection, {}, page_rows=20)

    [(page,)] = reader.pages(backwards, reader.bounds(backwards))

    ids = page.parse(backwards.schema).column("id").to_pylist()
    assert ids == list(reversed(range(10)))


def test_lines_found_by_their_purchases_day_are_asked_for_in_the_order_of_their_key() -> None:
    """MySQL may begin with the day's purchases, in the order of their instants."""
    assert LINES.own.order == ", ".join(f"t.{name}" for name in PURCHASE_LINES.key)


def test_the_next_item_is_fetched_while_this_one_is_worked_on() -> None:
    fetched: list[int] = []

    def items() -> Iterator[int]:
        for number in range(3):
            fetched.append(number)
            yield number

    assert list(one_ahead(items())) == fetched == [0, 1, 2]


def test_an_error_of_the_fetching_thread_reaches_the_reader() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ConnectionError("gone")

    reading = one_ahead(items())

    assert next(reading) == 1
    with pytest.raises(ConnectionError, match="gone"):
        next(reading)


def anything(row_id: int, **values: Any) -> dict[str, Any]:
    row = dict.fromkeys(("words", "money", "number", "moment", "day", "is_so"))
    return {"id": row_id} | row | values
