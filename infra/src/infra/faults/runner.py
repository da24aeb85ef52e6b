"""One scenario after the other: a crowd, a fault, the time to recover, and what must hold."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf
from threading import Event
from time import monotonic
from typing import Self

from fashion_kit.clock import Clock, utc_now
from fashion_kit.logs import get_logger
from infra.demo.closing import business_days, load, unsent
from infra.demo.reconcile import Check
from infra.faults.checks import Told, check_everything
from infra.faults.injections import CannotInjectError, Struck
from infra.faults.scenarios import Scenario
from infra.faults.settings import FaultsSettings
from infra.faults.shop import GatedShop
from infra.local.checkpoints import CheckpointFile
from infra.local.delivery import flush
from infra.local.lineage import list_shards
from infra.local.progress import Report, Steps
from infra.local.shards import ShardReader, Stream
from loadtest.crowd import CrowdConfig, CrowdProgress, OnProgress, run_crowd
from loadtest.reports import CrowdReport

_POLL_SECONDS = 0.1

log = get_logger(__name__)


@dataclass(frozen=True)
class Result:
    """What came of one scenario."""

    scenario: Scenario
    struck: Struck
    recovery_seconds: float
    crowd: str
    checks: tuple[Check, ...]
    not_run: str = ""

    @classmethod
    def not_possible(cls, scenario: Scenario, reason: Exception) -> Self:
        """Return that the scenario was not run, and why."""
        return cls(scenario, Counter(), 0, "", (), not_run=str(reason))

    @property
    def holds(self) -> bool:
        """Say whether every promise held."""
        return all(check.holds for check in self.checks)

    @property
    def broken(self) -> list[Check]:
        """Return what did not hold."""
        return [check for check in self.checks if not check.holds]


class Faults:
    """Runs scenarios on one shop; what shoppers were told adds up from one to the next."""

    def __init__(
        self, shop: GatedShop, steps: Steps, settings: FaultsSettings, *, clock: Clock = utc_now
    ) -> None:
        self._shop = shop
        self._steps = steps
        self._settings = settings
        self._clock = clock
        self._began = clock()
        self._told = Told()
        self._people = 0

    def run(self, scenario: Scenario) -> Result:
        """Run one scenario; what does not come to its end is a broken promise too."""
        try:
            return self._run(scenario)
        except CannotInjectError as error:
            return Result.not_possible(scenario, error)
        except Exception as error:  # noqa: BLE001 - a scenario that cannot end has failed
            log.warning("scenario_failed", scenario=scenario.name, error=str(error))
            failed = Check(f"{type(error).__name__}: {error}", "", "", holds=False)
            return Result(scenario, Counter(), inf, "", (failed,))
        finally:
            self._shop.open_gates()
            self._shop.afterwards.close()

    def _run(self, scenario: Scenario) -> Result:
        with self._crowd(scenario) as crowd:
            struck = scenario.fault.inject(self._shop)
            seconds = self._recover()
            self._shop.afterwards.close()
        report = crowd.result()
        with self._steps.step(f"{scenario.name}: the night's load, and what must hold"):
            days = self._days()
            self._bring_everything_to_the_lake()
            for day in days:
                self._wait_until_begun(day)
                load(self._shop.stack, day)
            checks = check_everything(self._shop, self._shop.looker.story, self._told, days)
        recovered = Check.at_most(
            "seconds until all was well", round(seconds, 1), self._settings.recovery_limit_seconds
        )
        met = Check("times that the fault struck", struck.total(), "some", struck.total() > 0)
        return Result(scenario, struck, seconds, _in_words(report), (met, recovered, *checks))

    @contextmanager
    def _crowd(self, scenario: Scenario) -> Iterator[Future[CrowdReport]]:
        """Let a crowd shop for the block and a little longer; begin when it is inside."""
        inside = Event()
        seconds = scenario.crowd_seconds or self._settings.seconds
        what = f"{scenario.name}: a crowd shops"
        with self._steps.progress(what) as tell, ThreadPoolExecutor(1) as aside:

            def on_progress(now: CrowdProgress) -> None:
                inside.set()
                _tell(tell, now, seconds)

            going = aside.submit(self._shop_around, seconds, on_progress)
            going.add_done_callback(lambda _: inside.set())
            inside.wait()
            Event().wait(self._settings.lead_seconds)
            try:
                yield going
            finally:
                # Whatever became of the fault, the shop keeps what it told these people.
                self._told.add(going.result().total)

    def _shop_around(self, seconds: float, on_progress: OnProgress) -> CrowdReport:
        first = self._people
        self._people += self._settings.shoppers
        config = CrowdConfig(
            storefront=self._shop.stack.url_of("storefront"),
            recommender=self._shop.stack.url_of("recommender"),
            shoppers=self._settings.shoppers,
            seconds=seconds,
            seed=self._shop.stack.config.settings.seed,
            first_number=first,
            most_visits=2,
            eagerness=self._settings.eagerness,
        )
        return asyncio.run(run_crowd(config, on_progress, clock=self._shop.client_clock))

    def _recover(self) -> float:
        """Return how long it takes from now until the shop is well."""
        began = monotonic()
        while not self._is_well():
            if monotonic() - began > self._settings.recovery_limit_seconds:
                return inf
            Event().wait(_POLL_SECONDS)
        return monotonic() - began

    def _is_well(self) -> bool:
        try:
            return self._shop.is_well()
        except Exception as error:  # noqa: BLE001 - whatever fails is not well
            log.info("not_well_yet", error=type(error).__name__)
            return False

    def _bring_everything_to_the_lake(self) -> None:
        settle = self._settings.settle_seconds
        self._wait_until(lambda: self._shop.spooled_bytes() == 0, "spool")
        with self._shop.books() as engine:
            self._wait_until(lambda: unsent(engine) == 0, "outbox")
        self._wait_until(self._all_is_folded, "event source")
        flush(self._shop.stack.config.folder / "delivery", seconds=settle)

    def _days(self) -> list[date]:
        """Return every day on which something may have happened by one of the shop's clocks."""
        errors = {timedelta(), *self._shop.clock_errors}
        ends = (self._began, self._clock())
        return business_days(self._shop.stack, *(end + error for end in ends for error in errors))

    def _wait_until_begun(self, day: date) -> None:
        """Wait for the day that only clocks which were ahead have seen, in the minutes before."""
        while business_days(self._shop.stack, self._clock()) < [day]:
            Event().wait(_POLL_SECONDS)

    def _wait_until(self, is_done: Callable[[], bool], what: str) -> None:
        deadline = monotonic() + self._settings.settle_seconds
        while not is_done():
            if monotonic() > deadline:
                raise TimeoutError(f"The {what} still holds something.")
            Event().wait(_POLL_SECONDS)

    def _all_is_folded(self) -> bool:
        """Say whether the event source has done every record that is on the stream."""
        kinesis = self._shop.streams.client("kinesis")
        stream = Stream.describe(kinesis, self._shop.stack.environments.resources.event_stream)
        return all(
            not ShardReader(
                kinesis,
                stream,
                shard.shard_id,
                after=self._done_of(shard.shard_id),
                clock=self._clock,
            ).read(1)
            for shard in list_shards(kinesis, stream.name)
        )

    def _done_of(self, shard_id: str) -> str | None:
        folder = self._shop.stack.config.folder / "event-source"
        return CheckpointFile(folder, shard_id).load().sequence_number


def _tell(report: Report, now: CrowdProgress, seconds: float) -> None:
    report(
        min(now.seconds / seconds, 1),
        f"{now.events_accepted:,} events, {now.purchases:,} purchases, {now.errors} failures seen",
    )


def _in_words(report: CrowdReport) -> str:
    total = report.total
    return f"{len(total.accepted_event_ids):,} events, {len(total.purchases):,} purchases"
