"""The lake's tables, batch by batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.expressions.parser import parse

from exporter.exports.errors import BadPeriodError
from exporter.lake.iceberg import read_files
from fashion_contracts.lake import Table

MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True)
class Period:
    """The business days of an export, both ends included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise BadPeriodError(self.first, self.last)

    def days(self) -> list[date]:
        """Return each day."""
        return [
            self.first + timedelta(days=number)
            for number in range((self.last - self.first).days + 1)
        ]


@dataclass(frozen=True)
class Source:
    """The clean zone; a table that is not there yet has no rows."""

    catalog: Catalog
    database: str

    def batches(
        self, table: Table, columns: Sequence[str], where: str = ""
    ) -> Iterator[pa.RecordBatch]:
        """Yield the columns of the rows that the condition holds for."""
        try:
            found = self.catalog.load_table((self.database, table.name))
        except NoSuchTableError:
            return
        rows = parse(where) if where else AlwaysTrue()
        # One file at a time: pyiceberg's own reader takes up several, whole.
        tasks = found.scan(rows).plan_files()
        for batch in read_files(found, tasks, rows, columns):
            # The scan has an order of columns and a kind of text of its own.
            arrays = [_as_text(batch.column(name)) for name in columns]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))
        # Else what a day's file took stays ours, in pieces too small for the next one's.
        pa.default_memory_pool().release_unused()


def microseconds(instants: Any) -> Any:
    """Return instants as microseconds since 1970."""
    return instants.cast(pa.int64())


def happened(event_time: Any, received_at: Any) -> Any:
    """Return when events happened, in microseconds since 1970.

    A client's clock may be wrong, but nothing is received before it happens.
    """
    return pc.min_element_wise(microseconds(event_time), microseconds(received_at))


def _as_text(column: Any) -> Any:
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) else column
