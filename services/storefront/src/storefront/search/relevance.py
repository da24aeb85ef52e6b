"""Text search: which products hold every word of a query, and which of them fit best.

A product's relevance is

    64 * sum over the words of (weight * closeness * rarity) + bits of its units sold

where weight is what the word counts in the product's fields (`FIELD_WEIGHTS`), closeness is 2 for
the word itself and 1 for a longer or the nearest one, and rarity is the bit length of (products /
products with the word): 1 for a word that most have, 16 for one that one in 44,446 has. Popularity
only decides between equals. All of it is whole numbers in coarse steps, so that a sale or a new
product hardly ever moves what somebody is paging through.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from storefront.search.columns import Columns, Mask, Numbers, Rows
from storefront.search.postings import Postings
from storefront.search.query import Key
from storefront.search.text import words_of
from storefront.search.vocabulary import Meaning

POPULARITY_STEPS: Final = 64
# More words than this in one query are somebody's novel; those after are left out.
MOST_WORDS: Final = 10

_Weights = npt.NDArray[np.uint8]


class TextMatch:
    """The products that hold every word of a text."""

    def __init__(self, text: str, postings: Postings, columns: Columns) -> None:
        words = [*dict.fromkeys(words_of(text))][:MOST_WORDS]
        self._columns = columns
        self._weights = [
            _weights_of(meanings, postings, len(columns))
            for meanings in postings.vocabulary.meanings(words)
        ]

    def masks(self) -> list[Mask]:
        """Return for each word which rows hold it."""
        return [weights.astype(np.bool_) for weights in self._weights]

    def relevance(self, rows: Rows) -> Numbers:
        """Return the relevance of these rows, which hold every word."""
        relevance = np.zeros(len(rows), np.int64)
        for weights in self._weights:
            relevance += weights[rows].astype(np.int64) * self._rarity(weights)
        # The exponent of a number is the length of its bits.
        popularity = np.frexp(self._columns.sold[rows])[1]
        return relevance * POPULARITY_STEPS + popularity

    def _rarity(self, weights: _Weights) -> int:
        return (len(weights) // max(int(np.count_nonzero(weights)), 1)).bit_length()

    def page(self, rows: Rows, after: Key | None, limit: int) -> tuple[Rows, Sequence[int]]:
        """Return the most relevant of the rows after the key, and their relevances."""
        relevance = self.relevance(rows)
        if after is not None:
            ids = self._columns.ids[rows]
            is_left = (relevance < after.value) | ((relevance == after.value) & (ids > after.id))
            rows, relevance = rows[is_left], relevance[is_left]
        # Rows follow the ids: less relevance, then the greater row, is the greater number.
        places = (-relevance << 32) | rows
        if len(places) > limit:
            places = np.partition(places, limit)[:limit]
        places.sort()
        return places & (2**32 - 1), (-(places >> 32)).tolist()


def _weights_of(meanings: Sequence[Meaning], postings: Postings, length: int) -> _Weights:
    weights = np.zeros(length, np.uint8)
    for start, end, closeness in meanings:
        entries = slice(postings.starts[start], postings.starts[end])
        found = postings.weights[entries] * np.uint8(closeness)
        np.maximum.at(weights, postings.rows[entries], found)
    return weights
