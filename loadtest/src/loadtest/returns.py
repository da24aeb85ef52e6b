"""Who comes back: within a run, or from a day before it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Acquaintance(StrEnum):
    """Since when the shop knows who comes."""

    NEW = "new"
    THIS_RUN = "this_run"
    BEFORE = "before"
    """From a written past, or from an earlier run."""


@dataclass
class Acquaintances:
    """Whom the shop knows already, by the ids under which it does."""

    from_before: frozenset[str] = frozenset()
    """Anonymous ids of browsers that were there on earlier days."""
    _seen: set[str] = field(default_factory=set)

    def greet(self, shopper_id: str, *, had_account: bool) -> Acquaintance:
        """Say since when this visitor is known; from now on they are of this run.

        `had_account`: the shop said that the account was there before the first visit.
        """
        if shopper_id in self._seen:
            return Acquaintance.THIS_RUN
        self._seen.add(shopper_id)
        if had_account or shopper_id in self.from_before:
            return Acquaintance.BEFORE
        return Acquaintance.NEW
