"""The lake's contract: sound in itself, and described in the data dictionary word for word."""

import re
from pathlib import Path

import pytest

from fashion_contracts.lake import TABLES, ColumnType, Table

DICTIONARY = Path(__file__).parents[3] / "docs/lake.md"
TABLE_IDS = [table.name for table in TABLES]


def described_rows(table: Table) -> list[list[str]]:
    """Return the rows below the table's heading in the dictionary, cell by cell."""
    section = DICTIONARY.read_text().split(f"\n## {table.name}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*) \|$", section, re.M)
    return [[cell.strip() for cell in row.split(" | ")] for row in rows]


@pytest.mark.parametrize("table", TABLES, ids=TABLE_IDS)
def test_the_dictionary_describes_every_column_and_no_other(table: Table) -> None:
    assert described_rows(table) == [
        [f"`{column.name}`", column.type.value, "" if column.required else "yes", column.doc]
        for column in table.columns
    ]


@pytest.mark.parametrize("table", TABLES, ids=TABLE_IDS)
def test_the_dictionary_says_what_the_table_is(table: Table) -> None:
    assert table.doc in DICTIONARY.read_text()


@pytest.mark.parametrize("table", TABLES, ids=TABLE_IDS)
def test_key_and_partition_are_columns_that_are_never_null(table: Table) -> None:
    required = {column.name for column in table.columns if column.required}
    partition = set() if table.partition is None else {table.partition}

    assert set(table.key) | partition <= required


@pytest.mark.parametrize("table", TABLES, ids=TABLE_IDS)
def test_column_names_are_unique(table: Table) -> None:
    names = [column.name for column in table.columns]

    assert len(names) == len(set(names))


def test_no_column_keeps_what_names_a_person() -> None:
    telling = re.compile(
        r"e_?mail|phone|address|first_name|last_name|username|birthdate|user_id|url"
    )

    assert [c.name for table in TABLES for c in table.columns if telling.search(c.name)] == []


def test_amounts_are_money() -> None:
    amounts = re.compile(r"price|total")

    found = {c.type for table in TABLES for c in table.columns if amounts.search(c.name)}
    assert found == {ColumnType.MONEY}
