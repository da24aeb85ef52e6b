"""Pages of rows, written by MySQL as one text each and read by Arrow: exact, and quick.

Row by row, pymysql takes longer to make Python objects than the server to read the disk. So the
server joins a page of rows, in the order of their key, to one CSV text (decision 0019): text is
quoted, numbers and instants are as MySQL prints them, and a null is an empty field without quotes.
Each page says how many rows it has and what their money comes to, so a text that the server cut
off is noticed, and read again in smaller pages.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any, TypeVar

import pyarrow as pa
from pyarrow import csv
from sqlalchemy import Connection

from exporter.errors import PageCutError

Item = TypeVar("Item")


@dataclass(frozen=True)
class Field:
    """One column of a page: its name, Arrow type, and SQL where that is not the name itself."""

    name: str
    type: pa.DataType
    sql: str = ""
    nullable: bool = False

    def as_csv(self) -> str:
        """Return the SQL that writes the value: what may hold anything stands in quotes."""
        value = self.sql or f"`{self.name}`"
        if self.type == pa.string():
            value = f"""CONCAT('"', REPLACE({value}, '"', '""'), '"')"""
        return f"IFNULL({value}, '')" if self.nullable else value


@dataclass(frozen=True)
class Select:
    """What is read of one table, page by page, along its key."""

    table: str
    key: str
    fields: tuple[Field, ...]
    condition: str = "TRUE"
    sums: tuple[str, ...] = ()
    """Columns whose sums the server tells with each page."""
    order: str = ""
    """The key's columns, where the condition looks into another table: the server may then begin
    with that one, in an order of its own."""
    mixed: str = ""
    """SQL of a number that each page's rows are mixed into by XOR."""

    def page(self) -> str:
        """Return the SQL of one page, from `first` up to and with `upto`."""
        fields = ", ".join(field.as_csv() for field in self.fields)
        sums = "".join(f", SUM({name})" for name in self.sums)
        mixed = self.mixed or "0"
        order = f" ORDER BY {self.order}" if self.order else ""
        # FORCE INDEX: another index would bring the rows in another order, one disk page each.
        return (
            f"SELECT GROUP_CONCAT(CONCAT_WS(',', {fields}){order} SEPARATOR '\n'),"  # noqa: S608
            f" COUNT(*), {mixed}{sums}"
            f" FROM {self.table} t FORCE INDEX (PRIMARY)"
            f" WHERE {self.key} >= %(first)s AND {self.key} <= %(upto)s AND {self.condition}"
        )

    @property
    def schema(self) -> pa.Schema:
        """Return the columns of a page as Arrow reads them."""
        return pa.schema([pa.field(field.name, field.type) for field in self.fields])


@dataclass(frozen=True)
class Page:
    """A page's rows as text, how many they are, and what their mixture and sums come to."""

    text: str
    rows: int
    mixed: int
    sums: Mapping[str, Decimal]

    def parse(self, schema: pa.Schema) -> pa.RecordBatch:
        """Return the rows; raise PageCutError unless all of them are there."""
        if not self.rows:
            return pa.RecordBatch.from_pylist([], schema=schema)
        payload = self.text.encode()
        # One block: a quoted text may have line ends in it, and must not be split at one.
        table = csv.read_csv(
            BytesIO(payload),
            csv.ReadOptions(
                column_names=schema.names, use_threads=False, block_size=len(payload) + 1
            ),
            csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(
                column_types=schema,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        if table.num_rows != self.rows:
            raise PageCutError
        return table.combine_chunks().to_batches()[0]


@dataclass(frozen=True)
class Bounds:
    """The first and last key of what is read, None where there is nothing, and how many rows."""

    first: Any
    last: Any
    rows: int


@dataclass(frozen=True)
class Children:
    """How the rows are read that belong to a page's rows."""

    all: Select
    """Those of every row between the page's first and last key: one index, quick."""
    own: Select
    """Those of the page's rows alone, for a page that has other rows between its own."""


class PageReader:
    """Reads pages on one connection, so that all of them are of its one snapshot."""

    def __init__(
        self, connection: Connection, parameters: Mapping[str, Any], *, page_rows: int
    ) -> None:
        self._connection = connection
        self._parameters = parameters
        self._page_rows = page_rows

    def bounds(self, select: Select) -> Bounds:
        """Return the keys between which the select's rows lie, and how many they are."""
        statement = (
            f"SELECT MIN({select.key}), MAX({select.key}), COUNT(*)"  # noqa: S608
            f" FROM {select.table} t WHERE {select.condition}"
        )
        return Bounds(*self._fetch(statement, {})[0])

    def pages(
        self, select: Select, bounds: Bounds, children: Children | None = None
    ) -> Iterator[tuple[Page, ...]]:
        """Yield the rows between the bounds page by page, each with its children if they are asked.

        A page that the server cut off is read again with half the rows; raise PageCutError if it
        was a single row.
        """
        first, rows = bounds.first, self._page_rows
        while first is not None:
            upto, following = self._end(select, first, bounds.last, rows)
            try:
                pages = [self._read(select, first, upto)]
                if children is not None:
                    which = children.all if pages[0].rows == rows else children.own
                    pages.append(self._read(which, first, upto))
            except PageCutError:
                if rows == 1:
                    raise
                rows = rows // 2
                continue
            yield tuple(pages)
            first = following

    def _end(self, select: Select, first: Any, last: Any, rows: int) -> tuple[Any, Any]:
        """Return the last key of a page of so many rows, and the first one after it."""
        statement = (
            f"SELECT {select.key} FROM {select.table} t"  # noqa: S608
            f" WHERE {select.key} >= %(first)s AND {select.key} <= %(upto)s"
            f" ORDER BY {select.key} LIMIT 2 OFFSET {rows - 1}"
        )
        keys = [row[0] for row in self._fetch(statement, {"first": first, "upto": last})]
        return (keys[0] if keys else last), (keys[1] if len(keys) > 1 else None)

    def _read(self, select: Select, first: Any, upto: Any) -> Page:
        result = self._fetch(select.page(), {"first": first, "upto": upto})
        text, rows, mixed, *sums = result[0]
        totals = {name: Decimal(total or 0) for name, total in zip(select.sums, sums, strict=True)}
        return Page(text or "", rows, int(mixed), totals)

    def _fetch(self, statement: str, parameters: Mapping[str, Any]) -> list[Any]:
        result = self._connection.exec_driver_sql(statement, {**self._parameters, **parameters})
        # The server warns of one thing here: that it cut a text off.
        is_cut = getattr(result.cursor, "warning_count", 0) > 0
        found = list(result)
        if is_cut:
            raise PageCutError
        return found


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items, each fetched by another thread while the one before it is worked on."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item
