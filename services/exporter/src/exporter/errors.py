"""Why a day was not loaded.

ShopError
+-- BadRequestError
|   +-- BadDayError              the day asked for is no date
+-- UnprocessableError
|   +-- DayNotBegunError         the day asked for lies in the future
+-- TransientError
|   +-- AlreadyRunningError      another load holds the lock
|   +-- CommitConflictError      a table was changed by others again and again
|   +-- LeaseLostError           the lock that keeps other loads out is no longer ours
+-- PageCutError               the database cut a row short
+-- ReconciliationError          what was written is not what the database holds
+-- CompactionError              a rewritten day has not as many rows as before
+-- QualityError                 a rule of the quality gate is broken
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from fashion_kit.errors import BadRequestError, ShopError, TransientError, UnprocessableError


class BadDayError(BadRequestError):
    """Raised when the day asked for cannot be read."""

    def __init__(self, name: str, value: object) -> None:
        super().__init__(f"{name} must be a date written YYYY-MM-DD, not {value!r}.")


class DayNotBegunError(UnprocessableError):
    """Raised when the day asked for has not begun in the shop's timezone."""

    def __init__(self, day: date) -> None:
        super().__init__(f"{day} has not begun yet; there is nothing to load.")


class AlreadyRunningError(TransientError):
    """Raised when another load did not end while we waited for it."""

    def __init__(self, waited: timedelta) -> None:
        super().__init__(f"Another load was still running after {waited.total_seconds():g} s.")


class CommitConflictError(TransientError):
    """Raised when others changed a table each time we were about to."""

    def __init__(self, table: str, attempts: int) -> None:
        super().__init__(f"{table} was changed by others during all {attempts} commits of ours.")


class PageCutError(ShopError):
    """Raised when the database could not send even a single row whole."""

    title = "Row cut short"

    def __init__(self) -> None:
        super().__init__(
            "The database cut a row short; raise its max_allowed_packet and load the day again."
        )


@dataclass(frozen=True)
class BrokenRule:
    """A rule of the quality gate, how many rows or sums break it, and the keys of some rows."""

    name: str
    rows: int
    keys: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as part of a sentence."""
        keys = f", such as {', '.join(self.keys)}" if self.keys else ""
        return f"{self.name} is broken by {self.rows:,} rows{keys}"


class ReconciliationError(ShopError):
    """Raised when counts or sums of what was written differ from the database's own."""

    title = "Quality gate closed by counts_and_sums"

    def __init__(self, differences: Mapping[str, tuple[Decimal, Decimal]]) -> None:
        listed = "; ".join(
            f"{name}: {written} written, {expected} expected"
            for name, (expected, written) in differences.items()
        )
        super().__init__(f"The day does not add up, nothing was published. {listed}.")
        self.differences = dict(differences)
        self.broken = (BrokenRule("counts_and_sums", len(differences), ()),)


class CompactionError(ShopError):
    """Raised when a day's rewritten files have not as many rows as those they should replace."""

    title = "Compaction failed"

    def __init__(self, table: str, day: date, before: int, after: int) -> None:
        super().__init__(f"{table} of {day}: {after} rows, not {before}; nothing was changed.")


class LeaseLostError(TransientError):
    """Raised when another load may have begun while ours was under way."""

    def __init__(self, table: str) -> None:
        super().__init__(f"The lock was lost before {table} was published; it was left as it was.")


class QualityError(ShopError):
    """Raised when the day's rows break rules of the quality gate."""

    title = "Quality gate closed"

    def __init__(self, broken: Sequence[BrokenRule]) -> None:
        listed = "; ".join(str(rule) for rule in broken)
        super().__init__(f"Nothing was published: {listed}.")
        self.broken = tuple(broken)
