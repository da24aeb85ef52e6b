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
    url = make_url(settings.database_url.get_secret_value())
    address = url.set(drivername="mysql", query={}).render_as_string(hide_password=False)
    total = Decimal(0)
    batches: Any = connectorx.read_sql(
        address, _statement(settings, day), return_type="arrow_stream", batch_size=ROWS
    )
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for raw in batches:
            batch = raw.cast(SCHEMA)
            total += pc.sum(batch["line_total"]).as_py() or 0
            writer.write_batch(batch)
    return total


def _statement(settings: ExporterSettings, day: date) -> str:
    start, end = (f"{at:%Y-%m-%d %H:%M:%S}" for at in day_interval(day, settings.business_timezone))
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
}

if __name__ == "__main__":
    measure(VARIANTS[sys.argv[1]], date.fromisoformat(sys.argv[2]))
