"""The catalogue by columns: what is filtered, counted and shown, in arrays beside one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from storefront.search.query import Listing
from storefront.search.records import FACETS, CatalogueRecord

Numbers = npt.NDArray[np.int64]
Rows = Numbers  # numpy's own index type: a smaller one would be converted at each use
Mask = npt.NDArray[np.bool_]

_CODED: Final = (*FACETS, "currency")


@dataclass(frozen=True)
class CodedColumn:
    """A column of few different values: for each row the value's number; 0 is a null."""

    codes: npt.NDArray[np.uint16]
    values: tuple[Any, ...]
    """In order; the first is the null."""

    @classmethod
    def of(cls, values: Sequence[Any]) -> "CodedColumn":
        """Return the column of these values."""
        known = (None, *sorted({value for value in values if value is not None}))
        numbers = {value: number for number, value in enumerate(known)}
        return cls(np.fromiter((numbers[value] for value in values), np.uint16, len(values)), known)

    def mask(self, wanted: Sequence[Any]) -> Mask:
        """Return which rows have one of these values."""
        mask = np.zeros(len(self.codes), np.bool_)
        for code, value in enumerate(self.values):
            if code and value in wanted:
                mask |= self.codes == code
        return mask

    def joined(self, other: "CodedColumn") -> "CodedColumn":
        """Return this column with the other's rows after its own."""
        known = (None, *sorted({*self.values[1:], *other.values[1:]}))
        numbers = {value: number for number, value in enumerate(known)}
        parts = [
            np.array([numbers[value] for value in part.values], np.uint16)[part.codes]
            for part in (self, other)
        ]
        return CodedColumn(np.concatenate(parts), known)

    def take(self, rows: npt.NDArray[Any]) -> "CodedColumn":
        """Return the column of these rows only."""
        return replace(self, codes=self.codes[rows])

    def at(self, row: int) -> Any:
        """Return a row's value."""
        return self.values[self.codes[row]]


@dataclass(frozen=True)
class Columns:
    """All columns; row numbers follow the products' ids."""

    ids: Numbers
    coded: Mapping[str, CodedColumn]
    names: npt.NDArray[np.object_]
    image_urls: npt.NDArray[np.object_]
    price: Numbers
    """In cents."""
    in_stock: Mask
    sold: Numbers
    created: Numbers

    @classmethod
    def of(cls, records: Sequence[CatalogueRecord]) -> "Columns":
        """Return the columns of these records, in their order."""

        def column(name: str, kind: Any) -> npt.NDArray[Any]:
            return np.array([getattr(record, name) for record in records], kind)

        return cls(
            ids=column("id", np.int64),
            coded={name: CodedColumn.of([getattr(r, name) for r in records]) for name in _CODED},
            names=column("product_display_name", np.object_),
            image_urls=column("image_url", np.object_),
            price=column("price_cents", np.int64),
            in_stock=column("in_stock", np.bool_),
            sold=column("units_sold", np.int64),
            created=column("created_us", np.int64),
        )

    def __len__(self) -> int:
        """Return how many products there are."""
        return len(self.ids)

    def joined(self, other: "Columns") -> "Columns":
        """Return these columns with the other's rows after their own."""
        return self._map(
            lambda name: np.concatenate([getattr(self, name), getattr(other, name)]),
            lambda name: self.coded[name].joined(other.coded[name]),
        )

    def take(self, rows: npt.NDArray[Any]) -> "Columns":
        """Return the columns of these rows only, in their order."""
        return self._map(
            lambda name: getattr(self, name)[rows], lambda name: self.coded[name].take(rows)
        )

    def _map(self, plain: Any, coded: Any) -> "Columns":
        return Columns(
            coded={name: coded(name) for name in _CODED},
            **{name: plain(name) for name in Columns.__dataclass_fields__ if name != "coded"},
        )

    def row_of(self, product_id: int) -> int | None:
        """Return the product's row."""
        row = int(np.searchsorted(self.ids, product_id))
        return row if row < len(self) and self.ids[row] == product_id else None

    def is_described_as(self, row: int, record: CatalogueRecord) -> bool:
        """Say whether the record differs at most in what sales and price changes alter."""
        return (
            self.names[row] == record.product_display_name
            and self.image_urls[row] == record.image_url
            and self.created[row] == record.created_us
            and all(self.coded[name].at(row) == getattr(record, name) for name in _CODED)
        )

    def sold_and_priced(self, changed: Mapping[int, CatalogueRecord]) -> "Columns":
        """Return the columns with these rows' price, stock and sales; the others are shared."""
        rows = np.fromiter(changed, np.int64, len(changed))
        columns: dict[str, Any] = {}
        for name, source in (
            ("price", "price_cents"),
            ("in_stock", "in_stock"),
            ("sold", "units_sold"),
        ):
            old = getattr(self, name)
            new = np.array([getattr(record, source) for record in changed.values()], old.dtype)
            if not np.array_equal(old[rows], new):
                columns[name] = old.copy()
                columns[name][rows] = new
        return replace(self, **columns)

    def listings(self, rows: Rows) -> list[Listing]:
        """Return the products of these rows as lists show them."""
        shown: dict[str, Sequence[Any]] = {
            "id": self.ids[rows].tolist(),
            "product_display_name": self.names[rows].tolist(),
            "image_url": self.image_urls[rows].tolist(),
            "price": [money(cents) for cents in self.price[rows].tolist()],
            "in_stock": self.in_stock[rows].tolist(),
        }
        for name, column in self.coded.items():
            shown[name] = [column.values[code] for code in column.codes[rows].tolist()]
        return list(map(Listing, *(shown[name] for name in Listing._fields)))


def money(cents: np.int64 | int) -> Decimal:
    """Return the amount of so many cents."""
    return Decimal(int(cents)).scaleb(-2)


def cents(amount: Decimal) -> int:
    """Return how many cents the amount is."""
    return int(amount.scaleb(2))
