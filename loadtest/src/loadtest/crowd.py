"""Many shoppers over a while: they arrive by chance, come back, and are gone near the end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from time import monotonic

import httpx

from loadtest.browsers import Browsers
from loadtest.catalogue import read_shelf
from loadtest.clock import Clock, utc_now
from loadtest.habits import HABITS, Habits
from loadtest.hosts import require_allowed
from loadtest.pace import Sleep
from loadtest.personas import make_persona
from loadtest.reports import CrowdReport, VisitReport
from loadtest.shelf import Shelf
from loadtest.shop import Addresses
from loadtest.shopper import Shopper
from loadtest.visit import Surroundings, perform_visit
from loadtest.wire import Budget

_ARRIVALS_SHARE = 0.8
"""Of the time: the part in which first visits begin; the rest is for those inside to finish."""
_GRACE_SHARE = 0.15
"""Of the time: how much longer the last may stay where the shop is slow."""
_VISIT_SHARE = 0.12
"""Of the time: how long a visit of ordinary length takes."""
_ORDINARY_STEPS = 11
_PROGRESS_SECONDS = 1.0


@dataclass(frozen=True)
class CrowdConfig:
    """Who visits which shop, for how long."""

    storefront: str
    recommender: str | None = None
    shoppers: int = 200
    seconds: float = 60.0
    seed: int = 1
    first_number: int = 0
    """Number of the first person, so that two crowds of one seed may be different people."""
    most_visits: int = 3
    """How often one person comes at most."""
    anonymous_share: float = 0.25
    """Visits without logging in."""
    eagerness: float = 1.0
    """Factor on how readily people put things into the cart; its root, on how readily they buy."""
    concurrency: int = 64
    """How many visits go on at once; who comes later waits at the door."""
    max_requests: int | None = None
    """After so many requests everybody leaves."""
    shelf_limit: int = 5000
    """How many products the shoppers know."""
    request_timeout_seconds: float = 10.0
    """After this long without an answer a request is tried again."""
    allowed_hosts: frozenset[str] = frozenset()
    """Machines other than this one that may be visited."""

    @property
    def addresses(self) -> Addresses:
        """Return the base URLs without a slash at the end."""
        recommender = None if self.recommender is None else self.recommender.rstrip("/")
        return Addresses(self.storefront.rstrip("/"), recommender)

    @property
    def habits(self) -> Habits:
        """Return how these people behave."""
        return replace(
            HABITS,
            add_to_cart_share=HABITS.add_to_cart_share * self.eagerness,
            checkout_share=HABITS.checkout_share * self.eagerness**0.5,
        )


@dataclass(frozen=True)
class CrowdProgress:
    """How far a crowd is."""

    seconds: float
    inside: int
    visits_ended: int
    requests: int
    events_accepted: int
    purchases: int
    errors: int


OnProgress = Callable[[CrowdProgress], None]


def ignore_progress(_: CrowdProgress) -> None:
    """Tell nobody."""


async def run_crowd(
    config: CrowdConfig,
    on_progress: OnProgress = ignore_progress,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock = utc_now,
) -> CrowdReport:
    """Let the crowd in, and return what everybody did.

    Raises HostNotAllowedError, ShopUnreachableError or ShelfEmptyError before anybody comes.
    """
    for url in filter(None, (config.storefront, config.recommender)):
        require_allowed(url, config.allowed_hosts)
    browsers = Browsers(config.request_timeout_seconds, transport)
    async with browsers.open() as client:
        shelf = await read_shelf(client, config.addresses.storefront, limit=config.shelf_limit)
    return await _Crowd(config, browsers, shelf, clock).run(on_progress)


class _Crowd:
    def __init__(self, config: CrowdConfig, browsers: Browsers, shelf: Shelf, clock: Clock) -> None:
        self._config = config
        self._browsers = browsers
        self._shelf = shelf
        self._clock = clock
        self._budget = Budget(config.max_requests)
        self._door = asyncio.Semaphore(config.concurrency)
        self._started = monotonic()
        self._total = VisitReport()
        self._running: list[VisitReport] = []

    async def run(self, on_progress: OnProgress) -> CrowdReport:
        async with asyncio.TaskGroup() as everybody:
            people = [
                everybody.create_task(self._live(number, arrival))
                for number, arrival in enumerate(_draw_arrivals(self._config))
            ]
            everybody.create_task(self._tell(people, on_progress))
        on_progress(self._progress())
        return CrowdReport(self._elapsed(), self._config.shoppers, self._total)

    async def _live(self, number: int, arrival: float) -> None:
        """Come at the time of arrival, and perhaps again later."""
        config = self._config
        rng = Random(f"life {config.seed} {config.first_number + number}")
        visits = rng.randint(1, config.most_visits)
        await asyncio.sleep(arrival)
        # Made on arrival: Faker takes its time, and so it is spread.
        market = self._shelf.market
        shopper = Shopper(make_persona(config.seed, config.first_number + number, market))
        await self._visit(shopper, rng)
        for _ in range(visits - 1):
            away = rng.uniform(0.05, 0.25) * config.seconds
            if self._elapsed() + away > config.seconds:
                return
            await asyncio.sleep(away)
            # Who has been there does not queue: those who come for the first time go in first.
            if not self._door.locked():
                await self._visit(shopper, rng)

    async def _visit(self, shopper: Shopper, rng: Random) -> None:
        async with self._door:
            if self._elapsed() >= self._config.seconds or self._budget.is_spent:
                return
            report = VisitReport()
            self._running.append(report)
            async with self._browsers.open() as client:
                around = self._surroundings(client)
                is_anonymous = rng.random() < self._config.anonymous_share
                await perform_visit(shopper, rng, around, is_anonymous=is_anonymous, report=report)
            self._running.remove(report)
            self._total.add(report)

    def _surroundings(self, client: httpx.AsyncClient) -> Surroundings:
        seconds = self._config.seconds
        return Surroundings(
            client=client,
            addresses=self._config.addresses,
            shelf=self._shelf,
            pace=_DeadlinePace(
                ends=self._started + seconds,
                leaves=self._started + seconds * (1 + _GRACE_SHARE),
                scale=self._think_scale(),
            ),
            clock=self._clock,
            budget=self._budget,
            habits=self._config.habits,
        )

    def _think_scale(self) -> float:
        pause = self._config.habits.think_median_seconds
        return self._config.seconds * _VISIT_SHARE / (_ORDINARY_STEPS * pause)

    async def _tell(self, people: list[asyncio.Task[None]], on_progress: OnProgress) -> None:
        while not all(person.done() for person in people):
            on_progress(self._progress())
            await asyncio.wait(people, timeout=_PROGRESS_SECONDS)

    def _progress(self) -> CrowdProgress:
        reports = [self._total, *self._running]
        return CrowdProgress(
            seconds=self._elapsed(),
            inside=len(self._running),
            visits_ended=self._total.visits,
            requests=sum(report.requests for report in reports),
            events_accepted=sum(len(report.accepted_event_ids) for report in reports),
            purchases=sum(len(report.purchases) for report in reports),
            errors=sum(report.failures for report in reports),
        )

    def _elapsed(self) -> float:
        return monotonic() - self._started


class _DeadlinePace:
    """Scaled pauses that get shorter as the end comes near; after the end, none."""

    def __init__(
        self, *, ends: float, leaves: float, scale: float, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._ends = ends
        self._leaves = leaves
        self._scale = scale
        self._sleep = sleep

    async def think(self, seconds: float) -> None:
        left = max(self._ends - monotonic(), 0.0)
        await self._sleep(min(seconds * self._scale, left / _ORDINARY_STEPS))

    async def wait(self, seconds: float) -> None:
        await self._sleep(seconds)

    def has_time(self) -> bool:
        return monotonic() < self._leaves


def _draw_arrivals(config: CrowdConfig) -> list[float]:
    """Draw when each person first comes.

    Poisson arrivals of which there are exactly so many are independent and uniform in time.
    """
    rng = Random(f"arrivals {config.seed}")
    end = config.seconds * _ARRIVALS_SHARE
    return sorted(rng.uniform(0, end) for _ in range(config.shoppers))
