"""The catalogue's words, and which of them a word of a query means."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

EXACT: Final = 2
NEAR: Final = 1
"""How much a word counts that is meant as it is written, and one that is only close to it."""

_LAST: Final = "\U0010ffff"
# Word length from which one and two slips are forgiven, as Elasticsearch's AUTO does.
_ONE_SLIP_FROM: Final = 3
_TWO_SLIPS_FROM: Final = 6


class Meaning(NamedTuple):
    """Neighbouring words of the vocabulary, from `start` up to `end`, and how close they are."""

    start: int
    end: int
    closeness: int


class Vocabulary:
    """Words in alphabetical order, known by their positions."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words

    def meanings(self, word: str, *, is_last: bool) -> Iterator[Meaning]:
        """Yield what the word means: itself, and while it may still be typed, what begins so.

        Only if there is no such word: the nearest ones, where letters are missing, superfluous,
        wrong or swapped with their neighbour (optimal string alignment).
        """
        start = bisect_left(self.words, word)
        after = start + self._has(start, word)
        end = bisect_left(self.words, word + _LAST, after) if is_last else after
        if start < after:
            yield Meaning(start, after, EXACT)
        if after < end:
            yield Meaning(after, end, NEAR)
        if start == end:
            yield from self._nearest(word)

    def _has(self, at: int, word: str) -> bool:
        return at < len(self.words) and self.words[at] == word

    def _nearest(self, word: str) -> Iterator[Meaning]:
        slips = (len(word) >= _ONE_SLIP_FROM) + (len(word) >= _TWO_SLIPS_FROM)
        # The numbers of two models are not slips of one another.
        if not slips or not word.isalpha():
            return
        found = process.extract(
            word, self.words, scorer=OSA.distance, score_cutoff=slips, limit=None
        )
        nearest = min((distance for _, distance, _ in found), default=0)
        for _, distance, at in found:
            if distance == nearest:
                yield Meaning(at, at + 1, NEAR)
