"""What serving knows of the catalogue: what can be bought, what kind of thing it is, its price.

Columns in the order in which the products came into the shop, some 120 bytes a product with their
indexes: the newest are found from the end, and no filter looks through all of them.
"""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from heapq import merge
from itertools import islice
from typing import Final, NamedTuple, Self

from recommender.errors import CatalogueUnreadError, UnknownCategoryError

_HUNDREDTHS: Final = 100
# With the dearest price that the catalogue takes a key still fits into 64 bits.
_POSITION_BITS: Final = 24
# So few are sorted faster than the newest that fit are looked for.
_FEW: Final = 1_000


class Kind(NamedTuple):
    """What kind of thing a product is, from the widest to the narrowest category."""

    master_category: str | None
    sub_category: str | None
    article_type: str | None


class Availability(IntEnum):
    """Whether a product can be bought."""

    RETIRED = 0
    SOLD_OUT = 1
    IN_STOCK = 2


class ProductFacts(NamedTuple):
    """What is read of one product."""

    id: int
    kind: Kind
    price: Decimal
    availability: Availability


class Narrowing(NamedTuple):
    """Which products are asked for: the numbers of their kinds, and the dearest in hundredths."""

    kinds: frozenset[int] | None = None
    hundredths: int | None = None


EVERYTHING: Final = Narrowing()


class Catalogue:
    """The products as of one reading. It is never changed: `changed` returns another one.

    A product that is not in it, because none could be read yet, counts as one that can be bought.
    """

    def __init__(self, newest_length: int = 0) -> None:
        self.read_at: datetime | None = None
        self.unavailable: frozenset[int] = frozenset()
        self.newest: tuple[int, ...] = ()
        self._newest_length = newest_length
        self._positions: dict[int, int] = {}
        self._ids = array("I")
        self._kinds = array("H")
        self._hundredths = array("Q")
        self._availability = bytearray()
        self._by_price = array("Q")
        self._numbers: dict[Kind, int] = {}
        self._names: list[Kind] = []
        self._of_kind: list[array[int]] = []

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, product_id: int) -> bool:
        return product_id in self._positions

    def changed(self, rows: Sequence[ProductFacts], read_at: datetime) -> Self:
        """Return the catalogue with these rows, of which new products come oldest first."""
        other = self._copied() if rows else copy(self)
        other.read_at = read_at
        unavailable = set(self.unavailable)
        for row in rows:
            other._put(row)
            if row.availability is Availability.IN_STOCK:
                unavailable.discard(row.id)
            else:
                unavailable.add(row.id)
        other.unavailable = frozenset(unavailable)
        other.newest = tuple(islice(other.newest_of(), self._newest_length))
        return other

    def is_active(self, product_id: int) -> bool:
        """Say whether the product is shown at all."""
        position = self._positions.get(product_id)
        return position is None or self._availability[position] != Availability.RETIRED

    def kind_of(self, product_id: int) -> Kind | None:
        """Return what kind of thing the product is, if it is known."""
        position = self._positions.get(product_id)
        return None if position is None else self._names[self._kinds[position]]

    def same_article_type(self, product_ids: Iterable[int]) -> Narrowing:
        """Return what is of the same article type as one of these products; none if unknown."""
        known = filter(None, map(self.kind_of, product_ids))
        types = {kind.article_type for kind in known}
        return Narrowing(
            frozenset(
                number
                for kind, number in self._numbers.items()
                if kind.article_type is not None and kind.article_type in types
            )
        )

    def narrowing(self, category: str | None, max_price: Decimal | None) -> Narrowing:
        """Return what is in a category of any width, however it is written, up to this price.

        Raises UnknownCategoryError, and CatalogueUnreadError while nothing is known at all.
        """
        if not self._numbers:
            raise CatalogueUnreadError
        hundredths = None if max_price is None else int(max_price * _HUNDREDTHS)
        if category is None:
            return Narrowing(None, hundredths)
        wanted = category.casefold()
        kinds = frozenset(
            number
            for kind, number in self._numbers.items()
            if any(name is not None and name.casefold() == wanted for name in kind)
        )
        if not kinds:
            raise UnknownCategoryError(category, self._category_names())
        return Narrowing(kinds, hundredths)

    def fits(self, product_id: int, wanted: Narrowing) -> bool:
        """Say whether the product is among those asked for."""
        position = self._positions.get(product_id)
        if position is None:
            return wanted == EVERYTHING
        return self._fits(position, wanted)

    def newest_of(self, wanted: Narrowing = EVERYTHING) -> Iterator[int]:
        """Yield what can be bought of what is asked for, the newest first."""
        for position in self._newest_positions(wanted):
            if self._availability[position] == Availability.IN_STOCK and self._fits(
                position, wanted
            ):
                yield self._ids[position]

    def _newest_positions(self, wanted: Narrowing) -> Iterable[int]:
        """Return the positions of all that fit, and perhaps of others, the newest first."""
        if wanted.hundredths is not None:
            count = bisect_left(self._by_price, (wanted.hundredths + 1) << _POSITION_BITS)
            if count <= _FEW:
                cheap = self._by_price[:count]
                return sorted((key & (1 << _POSITION_BITS) - 1 for key in cheap), reverse=True)
        if wanted.kinds is None:
            return range(len(self._ids) - 1, -1, -1)
        return merge(*(reversed(self._of_kind[kind]) for kind in wanted.kinds), reverse=True)

    def _fits(self, position: int, wanted: Narrowing) -> bool:
        return (wanted.kinds is None or self._kinds[position] in wanted.kinds) and (
            wanted.hundredths is None or self._hundredths[position] <= wanted.hundredths
        )

    def _copied(self) -> Self:
        other = copy(self)
        other._positions = self._positions.copy()
        for name in ("_ids", "_kinds", "_hundredths", "_availability", "_by_price"):
            setattr(other, name, getattr(self, name)[:])
        other._numbers = self._numbers.copy()
        other._names = self._names[:]
        other._of_kind = [column[:] for column in self._of_kind]
        return other

    def _put(self, row: ProductFacts) -> None:
        position = self._positions.setdefault(row.id, len(self._ids))
        number, hundredths = self._number_of(row.kind), int(row.price * _HUNDREDTHS)
        key = hundredths << _POSITION_BITS | position
        if position == len(self._ids):
            self._ids.append(row.id)
            self._kinds.append(number)
            self._hundredths.append(hundredths)
            self._availability.append(row.availability)
            self._of_kind[number].append(position)
            insort(self._by_price, key)
            return
        if number != self._kinds[position]:
            self._of_kind[self._kinds[position]].remove(position)
            insort(self._of_kind[number], position)
            self._kinds[position] = number
        if hundredths != self._hundredths[position]:
            before = self._hundredths[position] << _POSITION_BITS | position
            self._by_price.pop(bisect_left(self._by_price, before))
            insort(self._by_price, key)
            self._hundredths[position] = hundredths
        self._availability[position] = row.availability

    def _number_of(self, kind: Kind) -> int:
        number = self._numbers.setdefault(kind, len(self._of_kind))
        if number == len(self._of_kind):
            self._names.append(kind)
            self._of_kind.append(array("I"))
        return number

    def _category_names(self) -> list[str]:
        return sorted({name for kind in self._numbers for name in kind if name is not None})
