"""The id of an answer, which tells the lake what was shown; events bring it along.

ULID                        no experiment, or a shopper whose answers are not interleaved
ULID.NAME.c, ULID.NAME.t    all of it is control's, or treatment's
ULID.NAME.iHEX              interleaved: bit i says that position i is treatment's
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from recommender.experiments.assignment import Variant

_LETTERS: Final = {"c": Variant.CONTROL, "t": Variant.TREATMENT}
# 23 digits are what an event's id has room for: 92 positions.
_PATTERN: Final = re.compile(
    r"([A-Za-z0-9_:-]+)\.([a-z0-9]{1,12})\.(?:([ct])|i(0|[1-9a-f][0-9a-f]{0,22}))"
)


@dataclass(frozen=True)
class ExperimentAnswerId:
    """The id of an answer that belongs to an experiment."""

    unique: str
    experiment: str
    variant: Variant | None
    """None where the answer is interleaved."""
    teams: int = 0
    """The bits of the positions that are treatment's, where it is interleaved."""

    def __str__(self) -> str:
        mark = f"i{self.teams:x}" if self.variant is None else self.variant[0]
        return f"{self.unique}.{self.experiment}.{mark}"

    def team_at(self, position: int) -> Variant:
        """Return which way of ranking put the product into this position."""
        if self.variant is not None:
            return self.variant
        return Variant.TREATMENT if self.teams >> position & 1 else Variant.CONTROL

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read an id; return None if it belongs to no experiment."""
        found = _PATTERN.fullmatch(text)
        if found is None:
            return None
        unique, experiment, letter, teams = found.groups()
        if letter is None:
            return cls(unique, experiment, None, int(teams, 16))
        return cls(unique, experiment, _LETTERS[letter])
