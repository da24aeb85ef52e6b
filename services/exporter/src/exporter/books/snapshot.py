"""The shop's database as it stood at one moment, read by one load at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine

from exporter.amounts import naive
from exporter.books.fingerprints import as_text
from exporter.books.pages import Bounds, Page, PageReader, Select, one_ahead
from exporter.books.selects import LINES, PRODUCTS, PURCHASES, USERS
from exporter.errors import AlreadyRunningError

Totals = dict[str, Decimal]

LOCK = "fashion-daily-load"
_SESSION = (
    # The server waits this long for us to take a page while a file goes to S3.
    "SET SESSION net_write_timeout = 600",
    # A page's text is as long as the server's max_allowed_packet lets it be.
    "SET SESSION group_concat_max_len = 4294967295",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)


class Snapshot:
    """The database at one moment; purchases are those of [start, end)."""

    def __init__(
        self, connection: Connection, day: date, interval: tuple[datetime, datetime], rows: int
    ) -> None:
        start, end = map(naive, interval)
        self._reader = PageReader(
            connection, {"day": day, "start": start, "end": end}, page_rows=rows
        )
        self.totals: Totals = {}
        """Counts and sums as the server tells them, of what has been read so far."""
        self._mixed = 0

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the purchases, once all of them have been read."""
        rows, total = (self.totals[f"purchases.{name}"] for name in ("rows", "total"))
        return as_text(int(rows), total, self._mixed)

    def rows_of(self, table: str) -> int | None:
        """Return how many rows a table's reading will bring, where that is known beforehand."""
        rows = self.totals.get(f"{table}.rows")
        return None if rows is None or table == LINES.all.table else int(rows)

    def products(self) -> Iterator[pa.RecordBatch]:
        """Yield the whole catalogue."""
        return self._whole(PRODUCTS)

    def users(self) -> Iterator[pa.RecordBatch]:
        """Yield every user."""
        return self._whole(USERS)

    def purchases(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """Yield the interval's purchases page by page, and with each page its lines."""
        bounds = self._reader.bounds(PURCHASES)
        self.totals |= _nothing(PURCHASES) | _nothing(LINES.all)
        self.totals["purchases.rows"] = Decimal(bounds.rows)
        yield from one_ahead(self._purchases(bounds))

    def _purchases(self, bounds: Bounds) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        # While the server writes the next page, one is parsed here and one cleaned by the caller.
        for purchases, lines in one_ahead(self._reader.pages(PURCHASES, bounds, LINES)):
            self._add(PURCHASES, purchases)
            self._mixed ^= purchases.mixed
            self._add(LINES.all, lines)
            self.totals["purchase_lines.rows"] += lines.rows
            yield purchases.parse(PURCHASES.schema), lines.parse(LINES.all.schema)

    def _whole(self, select: Select) -> Iterator[pa.RecordBatch]:
        bounds = self._reader.bounds(select)
        self.totals |= _nothing(select) | {f"{select.table}.rows": Decimal(bounds.rows)}
        for (page,) in one_ahead(self._reader.pages(select, bounds)):
            self._add(select, page)
            yield page.parse(select.schema)

    def _add(self, select: Select, page: Page) -> None:
        for name, total in page.sums.items():
            self.totals[f"{select.table}.{name}"] += total


class Source:
    """The shop's database, seen by one load at a time."""

    def __init__(self, engine: Engine, *, page_rows: int, lock_wait: timedelta) -> None:
        self._engine = engine
        self._page_rows = page_rows
        self._lock_wait = lock_wait

    @contextmanager
    def locked(self) -> Iterator["LockedSource"]:
        """Hold the lock that keeps loads apart; it ends with the connection, however that ends."""
        with self._engine.connect() as connection:
            parameters: dict[str, Any] = {"lock": LOCK, "wait": self._lock_wait.total_seconds()}
            statement = "SELECT GET_LOCK(%(lock)s, %(wait)s)"
            if connection.exec_driver_sql(statement, parameters).scalar() != 1:
                raise AlreadyRunningError(self._lock_wait)
            try:
                yield LockedSource(connection, self._page_rows)
            finally:
                # Not returned to the pool: after a failure it may be in the middle of a result.
                connection.invalidate()


class LockedSource:
    """The database while no other load runs."""

    def __init__(self, connection: Connection, page_rows: int) -> None:
        self._connection = connection
        self._page_rows = page_rows

    @property
    def connection(self) -> Connection:
        """Return the connection that holds the lock, and within a snapshot sees that."""
        return self._connection

    @contextmanager
    def snapshot(self, day: date, interval: tuple[datetime, datetime]) -> Iterator[Snapshot]:
        """Yield the database as it stands now; what is committed meanwhile is not seen."""
        for statement in _SESSION:
            self._connection.exec_driver_sql(statement)
        yield Snapshot(self._connection, day, interval, self._page_rows)
        self._connection.exec_driver_sql("COMMIT")


def _nothing(select: Select) -> Totals:
    names = ("rows", *select.sums)
    return {f"{select.table}.{name}": Decimal(0) for name in names}
