"""The orders of the catalogue: permutations of its rows, entered at any depth by bisection."""

from dataclasses import dataclass

import numpy as np

from storefront.search.columns import Columns, Mask, Numbers, Rows
from storefront.search.query import Key, Sort

_DESCENDING = {Sort.PRICE_DESCENDING, Sort.NEWEST, Sort.POPULARITY}
# A list is short and its products mostly stand near its beginning: the first look takes in this
# many rows, each further one four times as many.
_FIRST_LOOK = 512
_NEXT_LOOKS = 4


@dataclass(frozen=True)
class Order:
    """The rows in an order, and what they are sorted by."""

    rows: Rows
    keys: Numbers
    """Of each row in this order, ascending; a descending order's are negative."""
    ids: Numbers
    """Of each row in this order."""
    sign: int

    @classmethod
    def of(cls, sort: Sort, columns: Columns) -> "Order":
        """Return the order of all rows."""
        sign = -1 if sort in _DESCENDING else 1
        values = sign * values_of(sort, columns)
        # Rows follow the ids, and the sort is stable: what is equal stays in the order of its ids.
        rows = np.argsort(values, kind="stable")
        return cls(rows, values[rows], columns.ids[rows], sign)

    def page(self, mask: Mask, after: Key | None, limit: int) -> Rows:
        """Return the first rows after the key that the mask lets through."""
        start = 0 if after is None else self._position_after(after)
        found = [self.rows[:0]]
        missing, look = limit, _FIRST_LOOK
        while missing > 0 and start < len(self.rows):
            seen = self.rows[start : start + look]
            found.append(seen[mask[seen]][:missing])
            missing -= len(found[-1])
            start, look = start + look, look * _NEXT_LOOKS
        return np.concatenate(found)

    def _position_after(self, key: Key) -> int:
        value = self.sign * key.value
        start, end = (int(np.searchsorted(self.keys, value, side)) for side in ("left", "right"))
        return start + int(np.searchsorted(self.ids[start:end], key.id, "right"))


def values_of(sort: Sort, columns: Columns) -> Numbers:
    """Return what the order sorts by, of each row."""
    match sort:
        case Sort.PRICE | Sort.PRICE_DESCENDING:
            return columns.price
        case Sort.NEWEST:
            return columns.created
        case Sort.POPULARITY:
            return columns.sold
        case _:
            return columns.ids
