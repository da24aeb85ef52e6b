"""A clickstream as every method learns from it and is measured on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

Prediction = tuple[Sequence[int], int]
"""The products seen so far in a session, and the next one."""


class Session(NamedTuple):
    """What one visitor looked at, in order."""

    began: float
    """In seconds since 1970; where a file tells no times, one minute after the session before."""
    products: list[int]


@dataclass(frozen=True)
class Attributes:
    """What a file tells of a product, in the places of our catalogue's attributes."""

    gender: str | None = None
    master_category: str | None = None
    sub_category: str | None = None
    article_type: str | None = None
    base_colour: str | None = None
    usage: str | None = None
    season: str | None = None
    price: Decimal = Decimal(0)


@dataclass(frozen=True)
class Split:
    """What is learnt from, and what is to be predicted."""

    part: str
    train: Sequence[Session]
    predictions: Sequence[Prediction]


@dataclass(frozen=True)
class Clickstream:
    """One data set, its products numbered from 1 in the order of their first click."""

    name: str
    form: str
    train: Sequence[Session]
    validation: Sequence[Session]
    test: Sequence[Prediction]
    products: int
    attributes: Mapping[int, Attributes]
    is_timed: bool
    skipped_lines: int

    def testing(self) -> Split:
        """Return the split that results are told of."""
        return Split("test", [*self.train, *self.validation], self.test)

    def validating(self) -> Split:
        """Return the split that settings are chosen on: it never looks at the test."""
        return Split("validation", self.train, predictions_of(self.validation))


def predictions_of(sessions: Iterable[Session]) -> list[Prediction]:
    """Return a prediction for each click after the first of its session."""
    return [
        (products[:place], products[place])
        for _, products in sessions
        for place in range(1, len(products))
    ]
