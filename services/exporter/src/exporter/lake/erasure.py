"""Erasing people from the lake: what is taken out now, and what no later load may bring back."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue, In, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from exporter.lake.files import Quarantined, expire_snapshots, files_by_day, remove_orphans
from exporter.lake.iceberg import Lake, read_files
from fashion_contracts.lake import PURCHASE_LINES, PURCHASES, Table
from fashion_kit.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PERSON_COLUMNS: Final = ("user_key", "shopper_key")
# The books must add up: their rows stay, as nobody's.
NAMELESS_TABLES: Final = frozenset({PURCHASES.name, PURCHASE_LINES.name})
NOBODY: Final = "erased"
REASON: Final = "erasure"
NoteRows = Callable[[Table, date, int], None]
"""Told of a table and a day, and of how many rows have been taken out."""


@dataclass(frozen=True)
class Erasures:
    """The pseudonyms of those who asked to be forgotten."""

    keys: frozenset[str] = frozenset()

    def apply(self, table: Table, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the table's rows without these people: nobody's in the books, else left out."""
        column = person_column(table)
        if column is None or not self.keys:
            return batch
        people = batch.column(column)
        is_erased = self.include(people)
        if not pc.any(is_erased).as_py():
            return batch
        if table.name not in NAMELESS_TABLES:
            return batch.filter(pc.invert(is_erased))
        nameless = pc.if_else(is_erased, pa.scalar(NOBODY, people.type), people)
        index = batch.schema.get_field_index(column)
        return batch.set_column(index, batch.schema.field(index), nameless)

    def include(self, people: Any) -> Any:
        """Return which of these pseudonyms are theirs."""
        return pc.is_in(people, value_set=self._values.cast(people.type))

    @cached_property
    def _values(self) -> pa.StringArray:
        return pa.array(sorted(self.keys), pa.string())


@dataclass(frozen=True)
class Rewritten:
    """What erasing took from the lake."""

    rows: int = 0
    files: int = 0
    snapshots: int = 0
    objects: int = 0

    def __add__(self, other: "Rewritten") -> "Rewritten":
        """Return both together."""
        return Rewritten(
            self.rows + other.rows,
            self.files + other.files,
            self.snapshots + other.snapshots,
            self.objects + other.objects,
        )


class LakeEraser:
    """Takes people out of the tables' current rows, and out of all that went before.

    Whoever runs it holds the lock that keeps loads apart: it leaves no file that is not current,
    but quarantined ones that hold none of these people.
    """

    def __init__(
        self,
        lake: Lake,
        s3: "S3Client",
        keep_quarantine_for: timedelta,
        clock: Clock,
        quarantined: Quarantined,
        note_rows: NoteRows,
    ) -> None:
        self._lake = lake
        self._s3 = s3
        self._keep_quarantine_for = keep_quarantine_for
        self._clock = clock
        self._quarantined = quarantined
        self._note_rows = note_rows

    def erase(self, definitions: Sequence[Table], keys: Collection[str]) -> Rewritten:
        """Erase the people behind these pseudonyms from the tables."""
        erasures = Erasures(frozenset(keys))
        quarantined = self._quarantined(self._clock() - self._keep_quarantine_for)
        total = Rewritten()
        for definition in definitions:
            column = person_column(definition)
            table = self._lake.find(definition)
            if column is not None and table is not None and keys:
                total += self._rewrite(definition, table, column, erasures)
                spared = _without(erasures, table, column, quarantined)
                total += self._forget_the_past(table, spared)
        return total

    def _rewrite(
        self, definition: Table, table: IcebergTable, column: str, erasures: Erasures
    ) -> Rewritten:
        """Rewrite the files that hold one of them, a day at a time."""
        theirs = In(term=Reference(column), literals=set(map(literal, erasures.keys)))
        total = Rewritten()
        days = files_by_day(definition, table.scan(row_filter=theirs).plan_files())
        for day, tasks in days.items():
            rows = [
                sum(batch.num_rows for batch in read_files(table, [task], theirs, [column]))
                for task in tasks
            ]
            files = [task for task, count in zip(tasks, rows, strict=True) if count]
            if files:
                batches = _all_rows(table, files)
                cleaned = (erasures.apply(definition, batch) for batch in batches)
                staged = self._lake.stage(definition, cleaned, day)
                self._lake.swap([task.file for task in files], staged, REASON)
                if definition.name not in NAMELESS_TABLES:
                    self._note_rows(definition, day, sum(rows))
                total += Rewritten(sum(rows), len(files))
        table.refresh()
        return total

    def _forget_the_past(self, table: IcebergTable, spared: Collection[str]) -> Rewritten:
        if table.current_snapshot() is None:
            return Rewritten()
        # A snapshot says of the files that it took away what their least and greatest values were.
        # One more, which takes none away, says nothing of them.
        with table.transaction() as transaction:
            with transaction.update_snapshot({"fashion.reason": REASON}).fast_append():
                pass
        # By the catalogue's clock or S3's, all there is may be a little younger than our now.
        soon = self._clock() + timedelta(days=1)
        snapshots = expire_snapshots(table, soon)
        removed = remove_orphans(self._s3, table, soon, spared)
        return Rewritten(snapshots=snapshots, objects=removed.objects)


def person_column(table: Table) -> str | None:
    """Return the column that holds a person's pseudonym, if the table has one."""
    return next((column.name for column in table.columns if column.name in PERSON_COLUMNS), None)


def _without(
    erasures: Erasures, table: IcebergTable, column: str, files: Collection[str]
) -> list[str]:
    """Return those of the table's files that hold none of these people."""
    folder = f"{table.location()}/"
    return [
        path
        for path in files
        if path.startswith(folder) and not _holds(erasures, table, column, path)
    ]


def _holds(erasures: Erasures, table: IcebergTable, column: str, path: str) -> bool:
    file = table.io.new_input(path)
    if not file.exists():
        return False
    with file.open() as stream:
        people = pq.read_table(cast(pa.NativeFile, stream), columns=[column]).column(column)
    return bool(pc.any(erasures.include(people)).as_py())


def _all_rows(table: IcebergTable, tasks: Sequence[FileScanTask]) -> Iterator[pa.RecordBatch]:
    return read_files(table, tasks, AlwaysTrue(), table.schema().column_names)
