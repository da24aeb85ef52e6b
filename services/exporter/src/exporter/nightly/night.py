"""Several days, one after the other: asked for, missed, changed since, or with late events."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from exporter.books.fingerprints import Fingerprints
from exporter.nightly.daily_load import DailyLoad
from exporter.nightly.days import ONE_DAY, days_between
from exporter.nightly.ledger import LatestRun, Ledger, RunState
from exporter.nightly.report import LoadReport
from fashion_kit.clock import day_of
from fashion_kit.errors import ShopError
from fashion_kit.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True)
class Failure:
    """A day that was not loaded, and why."""

    day: date
    reason: str

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"{self.day}: {self.reason}"


@dataclass(frozen=True)
class Night:
    """Loads days so that one that fails does not keep the others from the lake."""

    load: DailyLoad
    fingerprints: Fingerprints
    recheck_days: int
    on_loaded: Callable[[Sequence[date]], None]
    """Told of the days that were loaded, when all were tried: what depends on them follows."""

    def run(self, days: Iterable[date]) -> Iterator[LoadReport | Failure]:
        """Load the days and yield what came of each."""
        loaded = []
        try:
            for day in days:
                outcome = self._try(day)
                if isinstance(outcome, LoadReport) and outcome.is_ours:
                    loaded.append(day)
                yield outcome
        finally:
            if loaded:
                self.on_loaded(sorted(loaded))

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

    def _try(self, day: date) -> LoadReport | Failure:
        try:
            return self.load.run(day)
        except ShopError as error:
            return Failure(day, f"{error.title}: {error.detail}")
        except Exception as error:
            log.exception("day_failed", business_day=str(day))
            return Failure(day, f"{type(error).__name__}; the log says more.")


def stored_fingerprints(
    ledger: Ledger, runs: Sequence[LatestRun], latest: int
) -> dict[date, str | None]:
    """Return the fingerprints with which the latest loaded days were loaded."""
    loaded = [run for run in runs if run.state is RunState.LOADED]
    rechecked = loaded[max(0, len(loaded) - latest) :]
    return {run.day: ledger.details(run).get("fingerprint") for run in rechecked}
