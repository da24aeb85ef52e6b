"""How rules are checked while rows stream by: Arrow's own functions, and few rows kept.

A check sees each batch of its rule's tables and returns the keys of the rows that break the rule;
what only the whole day can tell, it returns at the end.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Protocol, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from fashion_contracts.lake import PRODUCTS, PURCHASE_LINES, PURCHASES, Column, Table

Values: TypeAlias = "pa.Array[Any]"

# Rows are looked up in another table's keys this many at a time: each time builds a hash of them.
LOOKUP_ROWS = 65_536

# Only these keys are shown: neither a shopper nor what a client wrote may reach a log.
_SHOWN = {PURCHASES.name: "id", PURCHASE_LINES.name: "purchase_id", PRODUCTS.name: "id"}

NOBODY: Values = pa.array([], pa.string())


class Check(Protocol):
    """Looks for rows that break one rule."""

    def see(self, table: str, batch: pa.RecordBatch, /) -> Values:
        """Return the keys that a batch shows to be wrong."""

    def end(self) -> Values:
        """Return the keys that turn out to be wrong now that everything was seen."""


class EachRow:
    """Each row is right or wrong by itself."""

    def __init__(self, table: Table, is_wrong: Callable[[pa.RecordBatch], Values]) -> None:
        self._table = table
        self._is_wrong = is_wrong

    def see(self, _: str, batch: pa.RecordBatch) -> Values:
        """Return the wrong rows' keys."""
        wrong = self._is_wrong(batch)
        return shown_keys(self._table, batch).filter(wrong) if pc.any(wrong).as_py() else NOBODY

    def end(self) -> Values:
        """Return nothing: all is said."""
        return NOBODY


class Ascending:
    """Keys ascend, so each is there once; nothing but the last one has to be remembered."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._last: list[Values] | None = None

    def see(self, _: str, batch: pa.RecordBatch) -> Values:
        """Return the keys that are not above the one before them."""
        keys = [batch.column(name) for name in self._table.key]
        shown = shown_keys(self._table, batch)
        if self._last is None:
            before, after, shown = [key[:-1] for key in keys], [key[1:] for key in keys], shown[1:]
        else:
            before = [
                pa.concat_arrays([last, key[:-1]])
                for last, key in zip(self._last, keys, strict=True)
            ]
            after = keys
        self._last = [key[-1:] for key in keys]
        return shown.filter(pc.invert(_is_below(before, after)))

    def end(self) -> Values:
        """Return nothing: all is said."""
        return NOBODY


class Distinct:
    """Keys come in any order, each once: all of them are kept until the end."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._keys: list[Values] = []

    def see(self, _: str, batch: pa.RecordBatch) -> Values:
        """Keep the keys."""
        parts = [pc.cast(batch.column(name), pa.string()) for name in self._table.key]
        between = pa.repeat(pa.scalar("#"), batch.num_rows)
        self._keys.append(pc.binary_join_element_wise(*parts, between))
        return NOBODY

    def end(self) -> Values:
        """Return one null for each key that is there more than once."""
        keys = pa.chunked_array(self._keys, pa.string())
        if pc.count_distinct(keys).as_py() == len(keys):
            return NOBODY
        counts = pc.value_counts(keys).field("counts")
        return pa.nulls(len(counts.filter(pc.greater(counts, pa.scalar(1)))), pa.string())


class References:
    """Each value of a column is a key of another table, whichever of the two arrives first.

    Rows whose key was found are forgotten; so are, where both come in the order of that key, the
    keys that no later row can ask for.
    """

    def __init__(self, table: Table, column: str, parent: Table, *, is_in_order: bool) -> None:
        self._table = table
        self._column = column
        self._parent = parent
        self._is_in_order = is_in_order
        self._keys: list[Values] = []
        self._wanted: list[tuple[Values, Values]] = []
        self._waiting = 0
        self._limit = LOOKUP_ROWS

    def see(self, table: str, batch: pa.RecordBatch) -> Values:
        """Keep the other table's keys; look rows up, many at a time."""
        if table == self._parent.name:
            self._keys.append(batch.column(self._parent.key[0]))
            return NOBODY
        self._wanted.append((batch.column(self._column), shown_keys(self._table, batch)))
        self._waiting += batch.num_rows
        if self._waiting >= self._limit:
            self._look_up()
        return NOBODY

    def end(self) -> Values:
        """Return the rows whose key never came."""
        self._look_up()
        return pa.concat_arrays([NOBODY, *(shown for _, shown in self._wanted)])

    def _look_up(self) -> None:
        if not self._waiting or not self._keys:
            return
        known = pa.concat_arrays(self._keys)
        values = pa.concat_arrays([value for value, _ in self._wanted])
        shown = pa.concat_arrays([key for _, key in self._wanted])
        missing = pc.invert(pc.is_in(values, value_set=known))
        self._wanted = [(values.filter(missing), shown.filter(missing))]
        self._waiting = len(self._wanted[0][0])
        if self._is_in_order:
            self._keys = [keys for keys in self._keys if keys[-1].as_py() >= values[-1].as_py()]
        # With many keys to hash, or rows that came before theirs, it pays to wait for more rows.
        self._limit = max(LOOKUP_ROWS, len(known), 2 * self._waiting)


def shown_keys(table: Table, batch: pa.RecordBatch) -> Values:
    """Return what may be told of each row: its key as text, or null where that is nobody's."""
    name = _SHOWN.get(table.name)
    return (
        pc.cast(batch.column(name), pa.string()) if name else pa.nulls(batch.num_rows, pa.string())
    )


def any_of(masks: Sequence[Values], rows: int) -> Values:
    """Return which rows are in one of the masks; where that is not known, a null."""
    if not masks:
        return pa.repeat(pa.scalar(False), rows)
    return reduce(pc.or_kleene, masks)


def nulls(batch: pa.RecordBatch, columns: Sequence[Column]) -> Values:
    """Return which rows lack one of the columns."""
    missing = [batch.column(c.name).is_null() for c in columns if batch.column(c.name).null_count]
    return any_of(missing, batch.num_rows)


def _is_below(left: Sequence[Values], right: Sequence[Values]) -> Values:
    """Return where the left key comes before the right one, column by column."""
    *first, last = zip(left, right, strict=True)
    below = pc.less(*last)
    for one, other in reversed(first):
        below = pc.or_(pc.less(one, other), pc.and_(pc.equal(one, other), below))
    return below
