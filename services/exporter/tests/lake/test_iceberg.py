"""The tables: made as the contract says, grown with it, and safe under concurrent commits."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.types import DecimalType

from exporter.bootstrap import open_lake
from exporter.errors import CommitConflictError
from exporter.lake import iceberg
from exporter.lake.catalog import open_catalog
from exporter.lake.iceberg import Lake
from exporter.lake.tables import as_batch
from exporter.settings import ExporterSettings
from fashion_contracts.lake import TABLES, Column, ColumnType, Table

DAY = date(2026, 11, 22)
MARKS = Table(
    "marks",
    "A table of these tests.",
    (
        Column("id", ColumnType.LONG, "Number."),
        Column("business_day", ColumnType.DATE, "Day."),
    ),
    key=("id",),
)

Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def lake(zones: ExporterSettings) -> Lake:
    return open_lake(zones)


@pytest.fixture
def put(lake: Lake) -> Callable[..., int | None]:
    """Return a function that replaces a day of the table by rows with these ids."""

    def put(day: date, *ids: int, **more: Any) -> int | None:
        marks = [{"id": number, "business_day": day} | more for number in ids]
        return lake.publish(lake.stage(MARKS, [as_batch(MARKS, marks)], day), {})

    return put


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_new_table_is_what_the_contract_says(
    table: Table, lake: Lake, zones: ExporterSettings
) -> None:
    lake.stage(table, [], DAY)

    made = open_catalog().load_table((zones.glue_database, table.name))
    assert [(f.name, f.required, f.doc) for f in made.schema().fields] == [
        (column.name, column.required, column.doc) for column in table.columns
    ]
    assert [field.name for field in made.spec().fields] == (
        [table.partition] if table.partition else []
    )
    money = {column.name for column in table.columns if column.type is ColumnType.MONEY}
    assert money == {f.name for f in made.schema().fields if f.field_type == DecimalType(12, 2)}


def test_staged_rows_are_not_seen_before_they_are_published(
    lake: Lake, zones: ExporterSettings, rows: Rows
) -> None:
    staged = lake.stage(MARKS, [as_batch(MARKS, [{"id": 1, "business_day": DAY}])], DAY)
    assert rows(zones, MARKS) == []

    lake.publish(staged, {})

    assert rows(zones, MARKS) == [{"id": 1, "business_day": DAY}]


def test_a_day_without_rows_takes_the_old_ones_away(
    put: Callable[..., int | None], zones: ExporterSettings, rows: Rows
) -> None:
    put(DAY, 1)

    put(DAY)

    assert rows(zones, MARKS) == []


def test_a_missing_value_in_a_required_column_is_refused(lake: Lake) -> None:
    with pytest.raises(ValueError, match=r"null|None"):
        lake.stage(MARKS, [as_batch(MARKS, [{"id": None, "business_day": DAY}])], DAY)


def test_a_column_that_the_contract_gained_is_added(
    lake: Lake, put: Callable[..., int | None], zones: ExporterSettings, rows: Rows
) -> None:
    put(DAY, 1)
    remark = Column("remark", ColumnType.STRING, "New.", required=False)
    grown = replace(MARKS, columns=(*MARKS.columns, remark))
    other_day = date(2026, 11, 23)

    row = {"id": 2, "business_day": other_day, "remark": "new"}
    lake.publish(lake.stage(grown, [as_batch(grown, [row])], other_day), {})

    assert [found["remark"] for found in rows(zones, grown)] == [None, "new"]


@pytest.mark.parametrize("other_day", [DAY, date(2026, 11, 23)], ids=["same day", "another day"])
def test_a_commit_that_lost_the_race_is_made_again(
    other_day: date,
    put: Callable[..., int | None],
    zones: ExporterSettings,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(DAY, 1)
    honest = iceberg._replace

    def overtaken(*arguments: Any) -> int | None:
        """Let somebody else commit between our look at the table and our own commit."""
        table = arguments[0]
        monkeypatch.setattr(iceberg, "_replace", honest)
        scan, planned = table.scan, False

        def plan_then_lose(*given: Any, **named: Any) -> Any:
            nonlocal planned
            result = scan(*given, **named)
            if not planned:
                planned = True
                files = list(result.plan_files())
                put(other_day, 9)
                monkeypatch.setattr(result, "plan_files", lambda: files)
            return result

        monkeypatch.setattr(table, "scan", plan_then_lose)
        return honest(*arguments)

    monkeypatch.setattr(iceberg, "_replace", overtaken)

    put(DAY, 2)

    expected = [2] if other_day == DAY else [2, 9]
    assert [row["id"] for row in rows(zones, MARKS)] == expected


def test_a_commit_that_loses_every_race_says_so(
    put: Callable[..., int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: Any) -> int | None:
        raise CommitFailedException

    monkeypatch.setattr(iceberg, "_replace", lose)

    with pytest.raises(CommitConflictError, match="marks was changed by others during all 5"):
        put(DAY, 1)
