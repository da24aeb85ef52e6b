"""Several days, one after the other: asked for, missed, changed since, or with late events.

After them the marts follow, and whoever the shop has erased is taken out of all that was loaded.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar

from exporter.books.fingerprints import Fingerprints
from exporter.erasure.service import ErasureReport
from exporter.nightly.daily_load import DailyLoad
from exporter.nightly.days import ONE_DAY, days_between
from exporter.nightly.ledger import LatestRun, Ledger, RunState
from exporter.nightly.report import LoadReport
from fashion_kit.clock import day_of
from fashion_kit.errors import ShopError
from fashion_kit.logs import get_logger

MARTS = "the marts"
ERASURE = "the erasure"

Outcome = TypeVar("Outcome")

log = get_logger(__name__)


@dataclass(frozen=True)
class Failure:
    """A part of the night that was not done, a day or what follows the days, and why."""

    part: str
    reason: str

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"{self.part}: {self.reason}"


@dataclass(frozen=True)
class Night:
    """Does all its parts, so that one that fails does not keep the others from the lake."""

    load: DailyLoad
    fingerprints: Fingerprints
    recheck_days: int
    on_loaded: Callable[[Sequence[date]], None]
    """Told of the days that were loaded, when all were tried: what depends on them follows."""
    erase: Callable[[], ErasureReport]
    """Erases whoever the shop has erased; waits for loads, and keeps them waiting."""

    def run(self, days: Iterable[date]) -> Iterator[LoadReport | ErasureReport | Failure]:
        """Load the days, erase people, and yield what came of each; of nobody erased, nothing."""
        loaded = []
        follow: Failure | None = None
        try:
            for day in days:
                outcome = _try(str(day), partial(self.load.run, day))
                if isinstance(outcome, LoadReport) and outcome.is_ours:
                    loaded.append(day)
                yield outcome
        finally:
            # Also when the night is ended early: these days are in the lake.
            if loaded:
                follow = _try(MARTS, partial(self.on_loaded, sorted(loaded)))
        if follow is not None:
            yield follow
        erased = _try(ERASURE, self.erase)
        if isinstance(erased, Failure) or erased.people:
            yield erased

    def yesterday_and_due(self) -> Iterator[date]:
        """Yield yesterday and then what else is due: so a night mends the ones before it."""
        yesterday = self.yesterday()
        yield yesterday
        # A day that has just failed would fail again.
        yield from (day for day in self.due() if day != yesterday)

    def due(self, first: date | None = None) -> list[date]:
        """Return the ended days that are not loaded, changed since, or have late events.

        The oldest comes first: the first one that the ledger knows, or the one given.
        """
        runs = self.load.ledger.latest_runs()
        if first is None:
            first = runs[0].day if runs else self.yesterday()
        loaded = {run.day for run in runs if run.state is RunState.LOADED}
        missing = set(days_between(first, self.yesterday())) - loaded
        late = self.load.events.late.late_days()
        return sorted(missing.union(late, self._changed(runs)))

    def yesterday(self) -> date:
        """Return the latest business day that has ended."""
        return day_of(self.load.clock(), self.load.rules.timezone) - ONE_DAY

    def _changed(self, runs: Sequence[LatestRun]) -> set[date]:
        stored = stored_fingerprints(self.load.ledger, runs, self.recheck_days)
        now = self.fingerprints.of(list(stored))
        return {day for day, mark in stored.items() if mark != now[day]}


def _try(part: str, do: Callable[[], Outcome]) -> Outcome | Failure:
    try:
        return do()
    except ShopError as error:
        log.error("night_part_failed", part=part, error=type(error).__name__)  # noqa: TRY400
        return Failure(part, f"{error.title}: {error.detail}")
    except Exception as error:
        log.exception("night_part_failed", part=part)
        return Failure(part, f"{type(error).__name__}; the log says more.")


def stored_fingerprints(
    ledger: Ledger, runs: Sequence[LatestRun], latest: int
) -> dict[date, str | None]:
    """Return the fingerprints with which the latest loaded days were loaded."""
    loaded = [run for run in runs if run.state is RunState.LOADED]
    rechecked = loaded[max(0, len(loaded) - latest) :]
    return {run.day: ledger.details(run).get("fingerprint") for run in rechecked}
