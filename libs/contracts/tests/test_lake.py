"""The lake's contract: sound in itself, and described word for word in the data dictionary."""

import re
from pathlib import Path

import pytest

from fashion_contracts.dictionary import dictionary, main
from fashion_contracts.lake import TABLES, ColumnType, Table
from fashion_contracts.marts import MARTS

DICTIONARY = Path(__file__).parents[3] / "docs/lake.md"
EVERY_TABLE = TABLES + MARTS
TABLE_IDS = [table.name for table in EVERY_TABLE]


def test_the_dictionary_is_what_the_contracts_say() -> None:
    assert DICTIONARY.read_text() == dictionary(), "docs/lake.md is stale: run `make lake-docs`"


def test_it_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    main([str(tmp_path / "lake.md")])

    assert (tmp_path / "lake.md").read_text() == dictionary()


@pytest.mark.parametrize("table", EVERY_TABLE, ids=TABLE_IDS)
def test_the_dictionary_describes_every_column(table: Table) -> None:
    section = dictionary().split(f"\n## {table.name}\n")[1].split("\n## ")[0]

    assert re.findall(r"^\| `(\w+)` ", section, re.M) == [column.name for column in table.columns]
    assert table.doc in section


@pytest.mark.parametrize("table", EVERY_TABLE, ids=TABLE_IDS)
def test_key_and_partition_are_columns_that_are_never_null(table: Table) -> None:
    required = {column.name for column in table.columns if column.required}
    partition = set() if table.partition is None else {table.partition}

    assert set(table.key) | partition <= required


@pytest.mark.parametrize("table", EVERY_TABLE, ids=TABLE_IDS)
def test_column_names_are_unique(table: Table) -> None:
    names = [column.name for column in table.columns]

    assert len(names) == len(set(names))


def test_no_column_keeps_what_names_a_person() -> None:
    telling = re.compile(
        r"e_?mail|phone|address|first_name|last_name|username|birthdate|user_id|url"
    )

    assert [c.name for table in EVERY_TABLE for c in table.columns if telling.search(c.name)] == []


def test_amounts_are_money() -> None:
    amounts = re.compile(r"price|total$|revenue|refunds|goods|shipping|tax|monetary$")

    found = {c.type for table in EVERY_TABLE for c in table.columns if amounts.search(c.name)}
    assert found == {ColumnType.MONEY}
