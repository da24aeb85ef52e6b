"""New rows on their way into a table: written to files that no reader sees yet."""

from collections.abc import Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.expressions.parser import parse
from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table as IcebergTable

from exporter.lake.parquet import ParquetFile
from fashion_contracts.lake import Table


@dataclass(frozen=True)
class FileSizes:
    """How many rows are kept in memory until they are written, and at most go into one file."""

    row_group: int
    file: int


@dataclass(frozen=True)
class StagedTable:
    """A table's new rows in files that no reader sees yet; `day` is None where all are replaced."""

    definition: Table
    day: date | None
    io: FileIO
    files: list[DataFile] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Return how many rows the files hold."""
        return sum(file.record_count for file in self.files)

    @property
    def replaced_rows(self) -> BooleanExpression:
        """Return which rows of the table these are to replace."""
        if self.definition.partition is None:
            return AlwaysTrue()
        return parse(f"{self.definition.partition} = '{self.day}'")

    def sums(self, columns: Iterable[str]) -> dict[str, Decimal]:
        """Return the sums of columns as they were written, read back from the files."""
        sums = dict.fromkeys(columns, Decimal(0))
        for file in self.files if sums else ():
            with self.io.new_input(file.file_path).open() as stream:
                written = pq.ParquetFile(cast(pa.NativeFile, stream))
                for batch in written.iter_batches(columns=list(sums)):
                    for name in sums:
                        sums[name] += Decimal(pc.sum(batch.column(name)).as_py() or 0)
        return sums


class Staging:
    """Takes a table's new rows batch by batch, while a thread writes those before them.

    What it keeps in memory is two row groups: one that is written, one that is gathered.
    """

    def __init__(
        self, staged: StagedTable, table: IcebergTable, sizes: FileSizes, thread: Executor
    ) -> None:
        self.staged = staged
        self._table = table
        self._sizes = sizes
        self._schema = table.schema().as_arrow()
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._thread = thread
        self._writing: Future[None] | None = None
        self._file: ParquetFile | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Take the rows; raise ValueError if a column that may not be null is."""
        if not batch.num_rows:
            return
        self._waiting.append(_conforming(batch, self._schema))
        self._waiting_rows += batch.num_rows
        if self._waiting_rows >= self._sizes.row_group:
            self._write_row_group()

    def finish(self) -> None:
        """Write what still waits, and close the last file."""
        if self._waiting:
            self._write_row_group()
        self._wait()
        self._close_file()

    def _write_row_group(self) -> None:
        self._wait()
        rows = pa.Table.from_batches(self._waiting)
        self._writing = self._thread.submit(self._append, rows)
        self._waiting, self._waiting_rows = [], 0

    def _wait(self) -> None:
        """Wait for the row group that is being written; raise what kept it from that."""
        if self._writing is not None:
            self._writing.result()

    def _append(self, rows: pa.Table) -> None:
        if self._file is not None and self._file.rows + rows.num_rows > self._sizes.file:
            self._close_file()
        if self._file is None:
            self._file = ParquetFile(self._table, self.staged.day)
        self._file.write(rows)

    def _close_file(self) -> None:
        if self._file is not None:
            self.staged.files.append(self._file.close())
            self._file = None


def _conforming(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the batch with the schema's columns; one that it lacks is null, if that is allowed."""
    columns = []
    for wanted in schema:
        index = batch.schema.get_field_index(wanted.name)
        column = (
            pa.nulls(batch.num_rows, wanted.type)
            if index < 0
            else batch.column(index).cast(wanted.type)
        )
        if column.null_count and not wanted.nullable:
            raise ValueError(f"{wanted.name} may not be null")
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=schema)
