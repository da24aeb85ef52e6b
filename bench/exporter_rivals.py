"""One rival's way of bringing a day's purchase lines to Parquet, in a process of its own.

`python -m bench.exporter_rivals VARIANT DAY`; not in the process of ours, whose memory it would
add to.
"""

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import connectorx
import pandas
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pymysql.cursors import SSCursor
from sqlalchemy import create_engine, make_url

from bench.exporter_worker import Variant, measure
from exporter.settings import ExporterSettings
from fashion_kit.clock import day_interval

ROWS = 250_000
_COLUMNS: dict[str, pa.DataType] = {
    "purchase_id": pa.string(),
    "line_number": pa.int32(),
    "user_id": pa.string(),
    "product_id": pa.int64(),
    "quantity": pa.int32(),
    "unit_price": pa.decimal128(12, 2),
    "line_total": pa.decimal128(12, 2),
    "currency": pa.string(),
    "purchased_at": pa.timestamp("us"),
}
SCHEMA = pa.schema(_COLUMNS)


def with_pandas(settings: ExporterSettings, day: date, file: Path) -> object:
    """Read everything with pandas and write it."""
    engine = create_engine(settings.database_url.get_secret_value())
    frame = pandas.read_sql(_statement(settings, day), engine)
    frame.to_parquet(file)
    return frame["line_total"].sum()


def with_cursor(settings: ExporterSettings, day: date, file: Path) -> object:
    """Stream rows through a server-side cursor into Arrow."""
    engine = create_engine(settings.database_url.get_secret_value())
    total = Decimal(0)
    connection: Any = engine.raw_connection()
    cursor = connection.cursor(SSCursor)
    cursor.execute(_statement(settings, day))
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        while rows := cursor.fetchmany(ROWS):
            columns = [pa.array(column) for column in zip(*rows, strict=True)]
            batch = pa.RecordBatch.from_arrays(columns, names=SCHEMA.names).cast(SCHEMA)
            total += pc.sum(batch["line_total"]).as_py() or 0
            writer.write_batch(batch)
    return total


def with_connectorx(settings: ExporterSettings, day: date, file: Path) -> object:
    """Stream Arrow batches that connectorx reads."""
    total = Decimal(0)
    batches = _stream(settings, _statement(settings, day))
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for raw in batches:
            batch = raw.cast(SCHEMA)
            total += pc.sum(batch["line_total"]).as_py() or 0
            writer.write_batch(batch)
    return total


def with_connectorx_all(settings: ExporterSettings, day: date, file: Path) -> object:
    """Stream each table that the night reads into a file of its own; each is a snapshot apart."""
    start, end = _interval(settings, day)
    purchases = (
        f"SELECT * FROM purchases WHERE purchased_at >= '{start}' AND purchased_at < '{end}'"  # noqa: S608
    )
    users = "SELECT id, sex, birthdate, address, created_at FROM users"
    for name, statement in {
        "products": "SELECT * FROM products",
        "users": users,
        "purchases": purchases,
    }.items():
        batches = _stream(settings, statement)
        first = next(batches, None)
        if first is None:
            continue
        with pq.ParquetWriter(file.with_name(name), first.schema, compression="zstd") as writer:
            writer.write_batch(first)
            for batch in batches:
                writer.write_batch(batch)
    return with_connectorx(settings, day, file)


def _stream(settings: ExporterSettings, statement: str) -> Any:
    url = make_url(settings.database_url.get_secret_value())
    address = url.set(drivername="mysql", query={}).render_as_string(hide_password=False)
    return iter(
        connectorx.read_sql(address, statement, return_type="arrow_stream", batch_size=ROWS)
    )


def _interval(settings: ExporterSettings, day: date) -> tuple[str, str]:
    start, end = day_interval(day, settings.business_timezone)
    return f"{start:%Y-%m-%d %H:%M:%S}", f"{end:%Y-%m-%d %H:%M:%S}"


def _statement(settings: ExporterSettings, day: date) -> str:
    start, end = _interval(settings, day)
    return (
        "SELECT l.purchase_id, l.line_number, p.user_id, l.product_id, l.quantity, l.unit_price,"  # noqa: S608
        " l.line_total, p.currency, p.purchased_at"
        " FROM purchases p JOIN purchase_lines l ON l.purchase_id = p.id"
        f" WHERE p.purchased_at >= '{start}' AND p.purchased_at < '{end}'"
    )


VARIANTS: dict[str, Variant] = {
    "pandas": with_pandas,
    "cursor": with_cursor,
    "connectorx": with_connectorx,
    "connectorx-all": with_connectorx_all,
}

if __name__ == "__main__":
    measure(VARIANTS[sys.argv[1]], date.fromisoformat(sys.argv[2]))
