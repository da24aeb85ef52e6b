"""How far a load is: rows, rows a second, and the time left where the total is known."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fashion_kit.clock import Clock
from fashion_kit.logs import get_logger

LOG_EVERY = timedelta(seconds=5)

log = get_logger(__name__)


@dataclass(frozen=True)
class Pace:
    """Where one table stands at one moment."""

    table: str
    rows: int
    total: int | None
    elapsed: timedelta
    """Since the table's first rows were waited for."""
    at: datetime

    @property
    def rows_per_second(self) -> float:
        """Return how fast its rows came so far."""
        return self.rows / self.elapsed.total_seconds() if self.elapsed else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Return how long the rest takes at this pace, if that can be told."""
        if self.total is None or not self.rows_per_second:
            return None
        return max(0, self.total - self.rows) / self.rows_per_second

    def __str__(self) -> str:
        """Return it as a person reads it."""
        of = "" if self.total is None else f" of {self.total:,}"
        left = "" if self.seconds_left is None else f", {self.seconds_left:.0f} s left"
        return f"{self.table}: {self.rows:,}{of} rows, {self.rows_per_second:,.0f} rows/s{left}"


class Progress:
    """Counts the rows of one load and tells of each advance."""

    def __init__(
        self,
        rows_of: Callable[[str], int | None],
        *,
        clock: Clock,
        tell: Callable[[Pace], None],
    ) -> None:
        self._rows_of = rows_of
        self._clock = clock
        self._tell = tell
        self._rows: Counter[str] = Counter()
        self._began: dict[str, datetime] = {}

    def advance(self, table: str, rows: int) -> None:
        """Count rows of a table; its time runs from the first call, which may bring none."""
        now = self._clock()
        self._rows[table] += rows
        elapsed = now - self._began.setdefault(table, now)
        self._tell(Pace(table, self._rows[table], self._rows_of(table), elapsed, now))


class PaceLog:
    """Writes a log line every few seconds."""

    def __init__(self) -> None:
        self._told: datetime | None = None

    def __call__(self, pace: Pace) -> None:
        """Log the pace unless another one was logged just now."""
        if self._told is not None and pace.at - self._told < LOG_EVERY:
            return
        self._told = pace.at
        left = pace.seconds_left
        log.info(
            "rows_staged",
            table=pace.table,
            rows=pace.rows,
            total=pace.total,
            rows_per_second=round(pace.rows_per_second),
            seconds_left=None if left is None else round(left),
        )
