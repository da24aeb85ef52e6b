"""Which products hold which word, and how much it weighs there."""

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from storefront.search.columns import Numbers, Rows
from storefront.search.records import CatalogueRecord
from storefront.search.text import words_of
from storefront.search.vocabulary import Vocabulary

FIELD_WEIGHTS: Final[Mapping[str, int]] = {
    "article_type": 8,
    "product_display_name": 4,
    "base_colour": 4,
    "gender": 4,
    "sub_category": 3,
    "master_category": 2,
    "usage": 2,
    "season": 2,
}
"""What a word counts in each field; what several fields say adds up."""

_REMEMBERED_VALUES: Final = 1_000  # categories and colours, which thousands of products share
_ROW_BITS: Final = 32


@dataclass(frozen=True)
class Postings:
    """For each word, in alphabetical order, the rows that hold it and its weights there."""

    words: tuple[str, ...]
    starts: Numbers
    """Where each word's entries begin, and where the last one's end."""
    rows: Rows
    weights: npt.NDArray[np.uint8]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Return the words to look others up in."""
        return Vocabulary(self.words)

    @classmethod
    def of(cls, records: Sequence[CatalogueRecord]) -> "Postings":
        """Return the postings of these records, whose rows are their positions."""
        rows: dict[str, array[int]] = defaultdict(lambda: array("q"))
        weights: dict[str, bytearray] = defaultdict(bytearray)
        for row, record in enumerate(records):
            for word, weight in _weights(record).items():
                rows[word].append(row)
                weights[word].append(weight)
        words = tuple(sorted(rows))
        lengths = np.array([0, *(len(rows[word]) for word in words)], np.int64)
        return cls(
            words=words,
            starts=np.cumsum(lengths),
            rows=np.frombuffer(b"".join(rows[word].tobytes() for word in words), np.int64),
            weights=np.frombuffer(b"".join(weights[word] for word in words), np.uint8),
        )

    def merged(self, own_rows: Numbers, other: "Postings", other_rows: Numbers) -> "Postings":
        """Return both postings together; `..._rows` say each row's new number, -1 if it goes."""
        words = sorted({*self.words, *other.words})
        numbers = {word: number for number, word in enumerate(words)}
        places = np.concatenate(
            [self._places(numbers, own_rows), other._places(numbers, other_rows)]
        )
        weights = np.concatenate([self.weights, other.weights])
        # A place is a word and a row in one number. What goes is negative, and sorts first.
        order = np.argsort(places, kind="stable")
        order = order[np.searchsorted(places, 0, sorter=order) :]
        places = places[order]
        lengths = np.bincount(places >> _ROW_BITS, minlength=len(words))
        return Postings(
            # A word that no product holds any more must not be found, nor be anybody's neighbour.
            words=tuple(word for word, length in zip(words, lengths, strict=True) if length),
            starts=np.concatenate([[0], np.cumsum(lengths[lengths > 0])]),
            rows=places & (2**_ROW_BITS - 1),
            weights=weights[order],
        )

    def _places(self, numbers: Mapping[str, int], new_rows: Numbers) -> Numbers:
        own_numbers = np.array([numbers[word] for word in self.words], np.int64)
        rows = new_rows[self.rows]
        places = (np.repeat(own_numbers, np.diff(self.starts)) << _ROW_BITS) | rows
        return np.where(rows < 0, -1, places)


def _weights(record: CatalogueRecord) -> Mapping[str, int]:
    weights: dict[str, int] = defaultdict(int)
    for name, weight in FIELD_WEIGHTS.items():
        value = getattr(record, name)
        if value is not None:
            is_shared = name != "product_display_name"
            for word in _words_of_shared(value) if is_shared else {*words_of(value)}:
                weights[word] += weight
    return weights


@lru_cache(_REMEMBERED_VALUES)
def _words_of_shared(value: str) -> frozenset[str]:
    # And all of them in one: Flip Flops are flipflops too.
    words = words_of(value)
    return frozenset([*words, "".join(words)])
