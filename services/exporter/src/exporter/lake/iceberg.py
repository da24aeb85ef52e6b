"""The clean zone: Iceberg tables in S3, in Glue's catalogue.

Rows are first staged, that is written to files that no reader sees, and published later: one
snapshot takes a day's old files away and puts the new ones in, so a reader sees the old day or the
new one. Files of a load that died between the two belong to no snapshot and are never read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count
from typing import cast
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, ValidationException
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.expressions.parser import parse
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import ArrowScan, write_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.table import FileScanTask, WriteTask
from pyiceberg.table import Table as IcebergTable

from exporter.errors import CommitConflictError
from exporter.lake.tables import PROPERTIES, iceberg_schema, partition_spec
from fashion_contracts.lake import Table
from fashion_kit.logs import get_logger

WAREHOUSE = "warehouse"

log = get_logger(__name__)


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
                written = pq.ParquetFile(cast(pa.NativeFile, stream)).read(columns=list(sums))
            for name in sums:
                sums[name] += Decimal(pc.sum(written.column(name)).as_py() or 0)
        return sums


class Lake:
    """The clean zone's tables, as the contract describes them."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        namespace: str,
        bucket: str,
        rows_per_file: int,
        commit_attempts: int,
    ) -> None:
        self._catalog = catalog
        self._namespace = namespace
        self._bucket = bucket
        self._rows_per_file = rows_per_file
        self._commit_attempts = commit_attempts

    def stage(self, definition: Table, batches: Iterable[pa.RecordBatch], day: date) -> StagedTable:
        """Write the rows to new files; the table exists afterwards, and is otherwise unchanged."""
        table = self._prepared(definition)
        partition_day = day if definition.partition is not None else None
        staged = StagedTable(definition, partition_day, table.io)
        numbers, write_id = count(), uuid4()
        for record_batches in self._filed(table, batches):
            task = WriteTask(
                write_uuid=write_id,
                task_id=next(numbers),
                schema=table.schema(),
                record_batches=record_batches,
                partition_key=_partition_key(table, partition_day),
            )
            staged.files.extend(write_file(table.io, table.metadata, iter([task])))
        return staged

    def publish(self, staged: StagedTable, properties: Mapping[str, str]) -> int | None:
        """Let the staged rows take the place of the old ones; return the table's snapshot id."""
        name = staged.definition.name
        for attempt in range(self._commit_attempts):
            table = self._load(staged.definition)
            try:
                return _replace(table, staged, properties)
            except (CommitFailedException, ValidationException):
                log.warning("commit_conflict", table=name, attempt=attempt)
        raise CommitConflictError(name, self._commit_attempts)

    def _filed(
        self, table: IcebergTable, batches: Iterable[pa.RecordBatch]
    ) -> Iterator[list[pa.RecordBatch]]:
        """Yield the rows as batches of the table's columns, as many as one file takes."""
        schema = table.schema().as_arrow()
        gathered: list[pa.RecordBatch] = []
        rows = 0
        for batch in batches:
            if not batch.num_rows:
                continue
            if rows and rows + batch.num_rows > self._rows_per_file:
                yield gathered
                gathered, rows = [], 0
            gathered.append(_conforming(batch, schema))
            rows += batch.num_rows
        if gathered:
            yield gathered

    def _prepared(self, definition: Table) -> IcebergTable:
        """Return the table, made if it is new, with the columns that the contract has by now."""
        try:
            table = self._load(definition)
        except NoSuchTableError:
            return self._create(definition)
        schema = iceberg_schema(definition)
        if set(schema.column_names) - set(table.schema().column_names):
            with table.update_schema() as update:
                update.union_by_name(schema)
        return table

    def _create(self, definition: Table) -> IcebergTable:
        schema = iceberg_schema(definition)
        return self._catalog.create_table_if_not_exists(
            (self._namespace, definition.name),
            schema,
            location=f"s3://{self._bucket}/{WAREHOUSE}/{definition.name}",
            partition_spec=partition_spec(definition, schema),
            properties={**PROPERTIES, "Description": definition.doc},
        )

    def _load(self, definition: Table) -> IcebergTable:
        return self._catalog.load_table((self._namespace, definition.name))

    def find(self, definition: Table) -> IcebergTable | None:
        """Return the table, or None if it was never made."""
        try:
            return self._load(definition)
        except NoSuchTableError:
            return None

    def rows(
        self, definition: Table, condition: BooleanExpression, columns: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        """Yield these columns of the rows that meet the condition."""
        if (table := self.find(definition)) is not None:
            tasks = table.scan(row_filter=condition).plan_files()
            yield from read_files(table, tasks, condition, columns)

    def swap(self, old: Sequence[DataFile], staged: StagedTable, why: str) -> None:
        """Let the staged rows take the place of exactly these files, in one snapshot."""
        table = self._load(staged.definition)
        try:
            with table.transaction() as transaction:
                update = transaction.update_snapshot(snapshot_properties={"fashion.reason": why})
                with update.overwrite() as snapshot:
                    for file in old:
                        snapshot.delete_data_file(file)
                    for file in staged.files:
                        snapshot.append_data_file(file)
        except (CommitFailedException, ValidationException) as error:
            raise CommitConflictError(staged.definition.name, 1) from error


def read_files(
    table: IcebergTable,
    tasks: Iterable[FileScanTask],
    condition: BooleanExpression,
    columns: Sequence[str],
) -> Iterator[pa.RecordBatch]:
    """Yield these columns of the files' rows that meet the condition."""
    scan = ArrowScan(table.metadata, table.io, table.schema().select(*columns), condition)
    for task in tasks:
        # One at a time: given several files, pyiceberg holds them all in memory.
        yield from scan.to_record_batches([task])


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


def _partition_key(table: IcebergTable, day: date | None) -> PartitionKey | None:
    if day is None:
        return None
    spec = table.spec()
    return PartitionKey([PartitionFieldValue(spec.fields[0], day)], spec, table.schema())


def _replace(table: IcebergTable, staged: StagedTable, properties: Mapping[str, str]) -> int | None:
    # Not `Table.overwrite`: that makes one snapshot without the day and a second one with it, and
    # wants the whole day in memory.
    old = [task.file for task in table.scan(row_filter=staged.replaced_rows).plan_files()]
    if old or staged.files:
        with table.transaction() as transaction:
            update = transaction.update_snapshot(snapshot_properties=dict(properties))
            with update.overwrite() as snapshot:
                snapshot.delete_by_predicate(staged.replaced_rows)
                for file in old:
                    snapshot.delete_data_file(file)
                for file in staged.files:
                    snapshot.append_data_file(file)
    current = table.current_snapshot()
    return current.snapshot_id if current else None
