"""The clean zone: Iceberg tables in S3, in Glue's catalogue.

Rows are first staged, that is written to files that no reader sees, and published later: one
snapshot takes a day's old files away and puts the new ones in, so a reader sees the old day or the
new one. Files of a load that died between the two belong to no snapshot and are never read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, ValidationException
from pyiceberg.expressions import BooleanExpression
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from exporter.errors import CommitConflictError
from exporter.lake.staging import FileSizes, StagedTable, Staging
from exporter.lake.tables import PROPERTIES, iceberg_schema, partition_spec
from fashion_contracts.lake import Table
from fashion_kit.logs import get_logger

WAREHOUSE = "warehouse"

log = get_logger(__name__)


class Lake:
    """The clean zone's tables, as the contract describes them."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        namespace: str,
        bucket: str,
        sizes: FileSizes,
        commit_attempts: int,
    ) -> None:
        self._catalog = catalog
        self._namespace = namespace
        self._bucket = bucket
        self._sizes = sizes
        self._commit_attempts = commit_attempts

    def stage(self, definition: Table, batches: Iterable[pa.RecordBatch], day: date) -> StagedTable:
        """Write the rows to new files; the table exists afterwards, and is otherwise unchanged."""
        with self.staging(definition, day) as staging:
            for batch in batches:
                staging.write(batch)
        return staging.staged

    @contextmanager
    def staging(self, definition: Table, day: date) -> Iterator[Staging]:
        """Yield what takes the table's new rows, batch by batch; they are whole when it ends."""
        table = self._prepared(definition)
        partition_day = day if definition.partition is not None else None
        staged = StagedTable(definition, partition_day, table.io)
        with ThreadPoolExecutor(1) as thread:
            staging = Staging(staged, table, self._sizes, thread)
            yield staging
            staging.finish()

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
