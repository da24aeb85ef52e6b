"""Whether purchases add up to their lines, told while both stream by in the same order."""

import pyarrow as pa
import pyarrow.compute as pc

from exporter.quality.checks import LOOKUP_ROWS, NOBODY, Values, any_of
from fashion_contracts.lake import PURCHASES


class SumsOfLines:
    """Each purchase's subtotal and line count are those of its lines; both come in its order.

    Of either side only the rows are kept that the other one has not reached.
    """

    def __init__(self) -> None:
        self._purchases = _Sums(("subtotal", "line_count"))
        self._lines = _Sums(("line_total", ""))

    def see(self, table: str, batch: pa.RecordBatch) -> Values:
        """Return the purchases that are complete and differ from their lines."""
        if table == PURCHASES.name:
            self._purchases.add(batch, "id")
        else:
            self._lines.add(batch, "purchase_id")
        reached = min(self._purchases.last, self._lines.last)
        if self._purchases.rows + self._lines.rows < LOOKUP_ROWS or not reached:
            return NOBODY
        return _differing(self._purchases.take_below(reached), self._lines.take_below(reached))

    def end(self) -> Values:
        """Return what differs among the rest."""
        return _differing(self._purchases.take_below(None), self._lines.take_below(None))


class _Sums:
    """Amounts in cents and counts by purchase id, in the order of the ids."""

    def __init__(self, columns: tuple[str, str]) -> None:
        self._amount, self._count = columns
        self._kept: list[pa.RecordBatch] = []
        self.last = ""

    @property
    def rows(self) -> int:
        return sum(batch.num_rows for batch in self._kept)

    def add(self, batch: pa.RecordBatch, key: str) -> None:
        amounts = pc.multiply(batch.column(self._amount), 100).cast(pa.int64())
        counts = batch.column(self._count) if self._count else pa.repeat(1, batch.num_rows)
        self._kept.append(_summed(batch.column(key), amounts, counts.cast(pa.int64())))
        self.last = batch.column(key)[-1].as_py()

    def take_below(self, id_: str | None) -> pa.RecordBatch:
        """Return what is kept of ids below this one, or all of it, and keep the rest."""
        if not self._kept:
            return _summed(NOBODY, pa.array([], pa.int64()), pa.array([], pa.int64()))
        columns = (pa.concat_arrays([b.column(i) for b in self._kept]) for i in range(3))
        kept = pa.RecordBatch.from_arrays(list(columns), _SUMMED)
        ids = kept.column(0)
        below = len(ids) if id_ is None else len(ids.filter(pc.less(ids, pa.scalar(id_))))
        self._kept = [kept[below:]]
        # A purchase's lines may lie in two batches.
        return _summed(*kept[:below].columns)


_SUMMED = ["id", "amount", "count"]


def _summed(ids: Values, amounts: Values, counts: Values) -> pa.RecordBatch:
    """Return one row for each run of an id, with its sums."""
    runs = pc.call_function("run_end_encode", [ids])
    if len(runs.values) == len(ids):
        return pa.RecordBatch.from_arrays([ids, amounts, counts], _SUMMED)
    ends = pc.subtract(runs.run_ends, 1)
    sums = [
        pc.pairwise_diff(pa.concat_arrays([pa.array([0]), pc.cumulative_sum(each).take(ends)]))[1:]
        for each in (amounts, counts)
    ]
    return pa.RecordBatch.from_arrays([runs.values, *sums], _SUMMED)


def _differing(purchases: pa.RecordBatch, lines: pa.RecordBatch) -> Values:
    ids = purchases.column(0)
    of_lines = lines.columns[1:]
    if not ids.equals(lines.column(0)):
        places = pc.index_in(ids, value_set=lines.column(0))
        of_lines = [column.take(places).fill_null(0) for column in of_lines]
    pairs = zip(purchases.columns[1:], of_lines, strict=True)
    # A purchase without a subtotal is from before it was kept.
    differ = [pc.not_equal(own, other) for own, other in pairs]
    return ids.filter(any_of(differ, len(ids)))
