"""The catalogue's words, and which of them a word of a query means."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
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

    def meanings(self, words: Sequence[str]) -> Iterator[list[Meaning]]:
        """Yield what each word of a query means: itself, or one with its neighbour: hand bag.

        The last one may still be typed, and means what begins so as well. Only a word that means
        nothing of this stands for the nearest ones, where letters are missing, superfluous, wrong
        or swapped with the one beside (optimal string alignment).
        """
        joined = [[], *(self._same(one + other) for one, other in pairwise(words)), []]
        for at, word in enumerate(words):
            found = [*self._same(word), *joined[at], *joined[at + 1]]
            if at == len(words) - 1:
                found += self._longer(word)
            yield found or self._nearest(word)

    def _same(self, word: str) -> list[Meaning]:
        at = bisect_left(self.words, word)
        is_there = at < len(self.words) and self.words[at] == word
        return [Meaning(at, at + 1, EXACT)] if is_there else []

    def _longer(self, word: str) -> list[Meaning]:
        start = bisect_right(self.words, word)
        end = bisect_left(self.words, word + _LAST, start)
        return [Meaning(start, end, NEAR)] if start < end else []

    def _nearest(self, word: str) -> list[Meaning]:
        slips = (len(word) >= _ONE_SLIP_FROM) + (len(word) >= _TWO_SLIPS_FROM)
        # The numbers of two models are not slips of one another.
        if not slips or not word.isalpha():
            return []
        found = process.extract(
            word, self.words, scorer=OSA.distance, score_cutoff=slips, limit=None
        )
        nearest = min((distance for _, distance, _ in found), default=0)
        return [Meaning(at, at + 1, NEAR) for _, distance, at in found if distance == nearest]
