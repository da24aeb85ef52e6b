"""What a load leaves out because somebody asked to be forgotten: a pure function."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.lake.erasure import NOBODY, Erasures
from exporter.lake.tables import LakeRow, arrow_schema, as_batch
from fashion_contracts.lake import (
    PRODUCTS,
    PURCHASE_LINES,
    PURCHASES,
    TABLES,
    USERS,
    ColumnType,
    Table,
)
from fashion_contracts.marts import CUSTOMER_RFM, MARTS

keys = st.sampled_from(["a", "b", "c", "d"])


def rows_of(table: Table, people: list[str]) -> pa.RecordBatch:
    """Return a row for each of the people; nulls but for who they are and where they stand."""
    schema = arrow_schema(table)
    columns = [
        pa.array(people, field.type)
        if field.name in {"user_key", "shopper_key"}
        else pa.nulls(len(people), field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(
        columns, schema=pa.schema([field.with_nullable(True) for field in schema])
    )


@pytest.mark.parametrize("table", [PURCHASES, PURCHASE_LINES], ids=lambda table: table.name)
@given(people=st.lists(keys), erased=st.frozensets(keys))
def test_the_books_keep_every_row_and_name_nobody(
    table: Table, people: list[str], erased: frozenset[str]
) -> None:
    kept = Erasures(erased).apply(table, rows_of(table, people))

    assert kept.column("user_key").to_pylist() == [
        NOBODY if person in erased else person for person in people
    ]


@given(people=st.lists(keys), erased=st.frozensets(keys))
def test_elsewhere_their_rows_are_left_out(people: list[str], erased: frozenset[str]) -> None:
    for table in (USERS, CUSTOMER_RFM):
        kept = Erasures(erased).apply(table, rows_of(table, people))

        assert kept.column("user_key").to_pylist() == [p for p in people if p not in erased]


def test_a_table_without_people_stays_as_it_is() -> None:
    batch = rows_of(PRODUCTS, ["a"])

    assert Erasures(frozenset({"a"})).apply(PRODUCTS, batch) is batch


def test_every_column_that_holds_a_pseudonym_is_known() -> None:
    for table in (*TABLES, *MARTS):
        strings = {c.name for c in table.columns if c.type is ColumnType.STRING}
        assert {name for name in strings if name.endswith("_key")} <= {
            "user_key",
            "shopper_key",
            "source_key",
        }


def test_a_batch_keeps_its_schema() -> None:
    user: LakeRow = {"user_key": "a", "registered_at": datetime(2026, 1, 1, tzinfo=UTC)}
    batch = as_batch(USERS, [user])

    assert Erasures(frozenset({"a"})).apply(USERS, batch).schema == batch.schema
