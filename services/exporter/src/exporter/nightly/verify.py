"""Whether the lake still holds what the database holds: counts, sums and fingerprint of a day."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError

from exporter.books.fingerprints import Marks, day_totals
from exporter.books.snapshot import Source
from exporter.lake.erasure_ledger import ErasureRecords
from exporter.lake.files import EPOCH
from exporter.nightly.ledger import LatestRun, Ledger
from exporter.nightly.reconcile import SUMMED
from fashion_contracts.lake import EVENTS, PRODUCTS, PURCHASE_LINES, PURCHASES, USERS, Table
from fashion_kit.clock import day_interval

_DATABASES_OWN = (PURCHASES, PURCHASE_LINES)
# The shop goes on changing them after the load: the lake has them as the latest load left them.
_LOADS_OWN = (PRODUCTS, USERS)
_MARK = ("id", "status", "total", "updated_at")


@dataclass(frozen=True)
class Verdict:
    """One table: its rows, with whose figures they were compared, and which of them differ."""

    table: str
    rows: int
    compared_with: str
    differences: Mapping[str, tuple[str, str]]

    def __str__(self) -> str:
        """Return it as a person reads it."""
        if not self.differences:
            return f"{self.table}: {self.rows:,} rows, equal to {self.compared_with}"
        listed = "; ".join(
            f"{name} is {lake} in the lake and {other} in {self.compared_with}"
            for name, (lake, other) in self.differences.items()
        )
        return f"{self.table}: differs. {listed}"


@dataclass(frozen=True)
class Verifier:
    """Compares the lake with the database, and where that has no such table with the ledger."""

    source: Source
    catalog: Catalog
    namespace: str
    ledger: Ledger
    erasures: ErasureRecords
    timezone: ZoneInfo

    def verify(self, day: date) -> Iterator[Verdict]:
        """Yield what is found of each table; a load under way is waited for."""
        start, end = day_interval(day, self.timezone)
        with self.source.locked() as source, source.snapshot(day, (start, end)):
            totals = day_totals(source.connection, start, end)
        for table in _DATABASES_OWN:
            yield self._verdict(table, day, totals, "MySQL")
        runs = [run for run in self.ledger.latest_runs() if run.state.has_published]
        of_day = [run for run in runs if run.day == day]
        yield self._verdict(EVENTS, day, self._left_by(of_day, EVENTS, day), "the ledger")
        latest = sorted(runs, key=lambda run: run.id)
        for table in _LOADS_OWN:
            left = self._left_by(latest, table, EPOCH)
            yield self._verdict(table, day, left, "the latest load")

    def _verdict(
        self, table: Table, day: date, totals: Mapping[str, str], compared_with: str
    ) -> Verdict:
        found = _figures(table, self._batches(table, day))
        differences = {
            name: (value, totals.get(f"{table.name}.{name}", "not there"))
            for name, value in found.items()
            if value != totals.get(f"{table.name}.{name}", "0")
        }
        return Verdict(table.name, int(found["rows"]), compared_with, differences)

    def _left_by(self, runs: list[LatestRun], table: Table, day: date) -> dict[str, str]:
        """Return the figures of the last of these runs, less the rows of people erased since."""
        if not runs:
            return {}
        totals: dict[str, str] = self.ledger.details(runs[-1])["totals"]
        erased = self.erasures.rows_since(runs[-1].id, table, day)
        rows = f"{table.name}.rows"
        return totals | {rows: str(int(totals[rows]) - erased)}

    def _batches(self, table: Table, day: date) -> Iterable[pa.RecordBatch]:
        try:
            found = self.catalog.load_table((self.namespace, table.name))
        except NoSuchTableError:
            return ()
        wanted = {*SUMMED.get(table.name, ()), *(_MARK if table is PURCHASES else table.key[:1])}
        if table.partition is None:
            return found.scan(selected_fields=tuple(wanted)).to_arrow_batch_reader()
        return found.scan(
            f"{table.partition} = '{day}'", selected_fields=tuple(wanted)
        ).to_arrow_batch_reader()


def _figures(table: Table, batches: Iterable[pa.RecordBatch]) -> dict[str, str]:
    """Return the rows' count, sums and, of purchases, fingerprint."""
    rows = 0
    sums = dict.fromkeys(SUMMED.get(table.name, ()), Decimal(0))
    marks = Marks()
    for batch in batches:
        rows += batch.num_rows
        for name in sums:
            sums[name] += Decimal(pc.sum(batch.column(name)).as_py() or 0)
        if table is PURCHASES:
            columns = [batch.column(name).to_pylist() for name in _MARK]
            marks.add(zip(*columns, strict=True))
    figures = {"rows": str(rows), **{name: str(value) for name, value in sums.items()}}
    return figures | ({"fingerprint": str(marks)} if table is PURCHASES else {})
