"""Upkeep of the lake's tables: few large files, few snapshots, no files that nobody needs.

Whoever runs it holds the lock that keeps loads apart. Readers are not disturbed: the files that
they plan to read stay until their snapshot expires.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyiceberg.expressions import (
    AlwaysTrue,
    And,
    BooleanExpression,
    GreaterThanOrEqual,
    LessThan,
    Reference,
)
from pyiceberg.expressions.literals import literal
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from exporter.errors import CompactionError
from exporter.lake.files import Quarantined, Removed, expire_snapshots, files_by_day, remove_orphans
from exporter.lake.iceberg import Lake, read_files
from fashion_contracts.lake import Table
from fashion_kit.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class UpkeepRules:
    """When a file is large enough, and for how long what is not current is kept."""

    target_file_bytes: int
    rows_in_memory: int
    keep_snapshots_for: timedelta
    orphans_after: timedelta
    keep_quarantine_for: timedelta


@dataclass(frozen=True)
class Files:
    """The files of a table's current snapshot."""

    count: int
    bytes: int


@dataclass(frozen=True)
class UpkeepReport:
    """What was done for one table."""

    table: str
    before: Files
    after: Files
    expired_snapshots: int
    orphans: Removed


class Maintenance:
    """Compacts tables, lets old snapshots expire and removes orphans."""

    def __init__(
        self,
        lake: Lake,
        s3: "S3Client",
        rules: UpkeepRules,
        clock: Clock,
        quarantined: Quarantined,
    ) -> None:
        self._lake = lake
        self._quarantined = quarantined
        self._s3 = s3
        self._rules = rules
        self._clock = clock

    def run(self, definitions: Sequence[Table]) -> Iterator[UpkeepReport]:
        """Yield what was done for each of the tables that exist."""
        spared = self._quarantined(self._clock() - self._rules.keep_quarantine_for)
        for definition in definitions:
            if (table := self._lake.find(definition)) is not None:
                yield self._maintain(definition, table, spared)

    def compact(self, definition: Table, table: IcebergTable) -> None:
        """Rewrite each day's small files as few, sorted by key; each day is one snapshot."""
        days = files_by_day(definition, table.scan().plan_files())
        for day, tasks in days.items():
            small = [task for task in tasks if not self._is_large(task)]
            if len(small) < 2:
                continue
            staged = self._lake.stage(definition, self._sorted(definition, table, small), day)
            rows = sum(task.file.record_count for task in small)
            if staged.rows != rows:
                raise CompactionError(definition.name, day, rows, staged.rows)
            self._lake.swap([task.file for task in small], staged, "compaction")

    def _maintain(
        self, definition: Table, table: IcebergTable, spared: Collection[str]
    ) -> UpkeepReport:
        before = _files(table)
        self.compact(definition, table)
        table.refresh()
        now = self._clock()
        expired = expire_snapshots(table, now - self._rules.keep_snapshots_for)
        orphans = remove_orphans(self._s3, table, now - self._rules.orphans_after, spared)
        return UpkeepReport(definition.name, before, _files(table), expired, orphans)

    def _is_large(self, task: FileScanTask) -> bool:
        return task.file.file_size_in_bytes >= self._rules.target_file_bytes

    def _sorted(
        self, definition: Table, table: IcebergTable, tasks: Sequence[FileScanTask]
    ) -> Iterator[pa.RecordBatch]:
        """Yield the files' rows by their key, one range of keys after the other.

        The files are read once for each range, so that only one range lies in memory.
        """
        name = next(column for column in definition.key if column != definition.partition)
        keys = pa.Table.from_batches(read_files(table, tasks, AlwaysTrue(), [name]))
        ordered = keys.column(name).combine_chunks().sort()
        firsts = ordered[self._rules.rows_in_memory :: self._rules.rows_in_memory].unique()
        columns = [column.name for column in definition.columns]
        for first, last in pairwise([None, *firsts.to_pylist(), None]):
            rows = read_files(table, tasks, _between(name, first, last), columns)
            part = pa.Table.from_batches(rows)
            yield from part.sort_by([(key, "ascending") for key in definition.key]).to_batches()


def _between(name: str, first: Any, last: Any) -> BooleanExpression:
    condition: BooleanExpression = AlwaysTrue()
    if first is not None:
        condition = GreaterThanOrEqual(term=Reference(name), value=literal(first))
    if last is not None:
        condition = And(condition, LessThan(term=Reference(name), value=literal(last)))
    return condition


def _files(table: IcebergTable) -> Files:
    sizes = [task.file.file_size_in_bytes for task in table.scan().plan_files()]
    return Files(len(sizes), sum(sizes))
