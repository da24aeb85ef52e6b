"""A table's file: packed by column, and read by others as it was written."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pyarrow.parquet as pq
import pytest

from exporter.bootstrap import open_lake
from exporter.lake.tables import as_batch
from exporter.settings import ExporterSettings
from fashion_contracts.lake import Column, ColumnType, Table
from fashion_kit.aws import client

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
VISITS = Table(
    "visits",
    "A table of these tests.",
    (
        Column("visit_id", ColumnType.STRING, "Id."),
        Column("kind", ColumnType.STRING, "One of few."),
        Column("seen_at", ColumnType.INSTANT, "When.", required=False),
        Column("business_day", ColumnType.DATE, "Day."),
    ),
    key=("visit_id",),
)


def kind_of(number: int) -> str:
    return "short" if number % 2 else "long"


def instant_of(number: int) -> datetime | None:
    return NOON + timedelta(seconds=number) if number % 7 else None


ROWS: list[dict[str, object]] = [
    {
        "visit_id": f"01ABC{number:05}",
        "kind": kind_of(number),
        "seen_at": instant_of(number),
        "business_day": DAY,
    }
    for number in range(1_000)
]


@pytest.fixture
def file(zones: ExporterSettings, tmp_path: Path) -> str:
    """Return the path of a copy of the file into which the rows were written, in row groups."""
    lake = open_lake(zones.model_copy(update={"row_group_rows": 300}))
    batches = [as_batch(VISITS, ROWS[first : first + 100]) for first in range(0, 1_000, 100)]
    (staged,) = lake.stage(VISITS, batches, DAY).files
    where = urlsplit(staged.file_path)
    answer = client("s3").get_object(Bucket=where.netloc, Key=where.path.lstrip("/"))
    path = tmp_path / "visits.parquet"
    path.write_bytes(answer["Body"].read())
    return str(path)


def test_ids_and_instants_are_packed_by_difference_and_the_rest_by_dictionary(file: str) -> None:
    row_group = pq.ParquetFile(file).metadata.row_group(0)
    encodings = {
        column.path_in_schema: set(column.encodings)
        for column in (row_group.column(place) for place in range(row_group.num_columns))
    }

    assert "DELTA_BYTE_ARRAY" in encodings["visit_id"]
    assert "DELTA_BINARY_PACKED" in encodings["seen_at"]
    assert "RLE_DICTIONARY" in encodings["kind"]
    assert "RLE_DICTIONARY" not in encodings["visit_id"]


def test_row_groups_are_written_one_by_one_and_none_of_the_rows_is_lost(file: str) -> None:
    metadata = pq.ParquetFile(file).metadata

    assert [metadata.row_group(place).num_rows for place in range(metadata.num_row_groups)] == [
        300,
        300,
        300,
        100,
    ]


def test_another_engine_reads_what_was_written(file: str) -> None:
    found = duckdb.execute(
        "SELECT visit_id, kind, epoch(seen_at), business_day FROM read_parquet(?) ORDER BY 1",
        [file],
    ).fetchall()

    assert found == [
        (f"01ABC{number:05}", kind_of(number), at and at.timestamp(), DAY)
        for number in range(1_000)
        for at in [instant_of(number)]
    ]
