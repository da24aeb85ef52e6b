"""Many shoppers over a while: they arrive by chance, come back, and are gone near the end."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from random import Random
from time import monotonic, perf_counter
from typing import Any

import httpx

from loadtest.arrivals import poisson_arrivals
from loadtest.browsers import Browsers
from loadtest.catalogue import read_shelf
from loadtest.clock import Clock, utc_now
from loadtest.habits import HABITS, Habits
from loadtest.hosts import require_allowed
from loadtest.mischief import NO_MISCHIEF, Mischief
from loadtest.pace import Intention, Sleep
from loadtest.personas import make_persona
from loadtest.reports import CrowdReport, VisitReport
from loadtest.returns import Acquaintances
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
    rate: float | None = None
    """So many visits a second begin, whatever the shop does (an open model); `shoppers` is out of
    how many people they are drawn, so most come back. None: each of `shoppers` comes at a time of
    their own, and returns up to `most_visits` times."""
    think_scale: float = 0.1
    """With a rate: factor on the pauses between clicks."""
    concurrency: int = 64
    """Without a rate: how many visits go on at once; who comes later waits at the door."""
    control_share: float = 0.0
    """Visits that see nothing of the recommender, to compare the others with."""
    known_browsers: frozenset[str] = frozenset()
    """Anonymous ids of people's browsers that were there on earlier days."""
    sale_products: int = 0
    """In a flash sale: of how many products everybody wants one; 0: it is an ordinary time."""
    mischief: Mischief = NO_MISCHIEF
    max_visits: int = 20_000
    """After so many visits nobody comes any more."""
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
        return HABITS.with_eagerness(self.eagerness)


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
    browsers = Browsers(
        config.request_timeout_seconds,
        transport,
        dropped_share=config.mischief.dropped_share,
        rng=Random(f"hanging up {config.seed}"),
    )
    # Nobody hangs up on the first look around: without it nobody could come.
    async with Browsers(config.request_timeout_seconds, transport).open() as client:
        shelf = await read_shelf(client, config.addresses.storefront, limit=config.shelf_limit)
    return await _Crowd(config, browsers, shelf, clock).run(on_progress)


class _Crowd:
    def __init__(self, config: CrowdConfig, browsers: Browsers, shelf: Shelf, clock: Clock) -> None:
        self._config = config
        self._browsers = browsers
        self._shelf = shelf
        self._clock = clock
        self._budget = Budget(config.max_requests)
        self._visits = Budget(config.max_visits)
        self._acquaintances = Acquaintances(config.known_browsers)
        self._door = asyncio.Semaphore(config.concurrency)
        self._sale = shelf.most_popular(config.sale_products)
        self._people: dict[int, Shopper] = {}
        self._started = monotonic()
        self._origin = perf_counter()
        self._total = VisitReport()
        self._running: list[VisitReport] = []

    async def run(self, on_progress: OnProgress) -> CrowdReport:
        async with asyncio.TaskGroup() as everybody:
            visits = self._open() if self._config.rate is not None else self._closed()
            people = [everybody.create_task(visit) for visit in visits]
            everybody.create_task(self._tell(people, on_progress))
        on_progress(self._progress())
        config = self._config
        return CrowdReport(
            self._elapsed(),
            config.shoppers,
            self._total,
            origin=self._origin,
            arriving_seconds=None if config.rate is None else config.seconds,
        )

    def _closed(self) -> Iterator[Coroutine[Any, Any, None]]:
        for number, arrival in enumerate(_draw_arrivals(self._config)):
            yield self._live(number, arrival)

    def _open(self) -> Iterator[Coroutine[Any, Any, None]]:
        config = self._config
        rng = Random(f"arrivals {config.seed}")
        for arrival in poisson_arrivals(config.rate or 0, config.seconds, rng):
            yield self._come(rng.randrange(config.shoppers), arrival, Random(rng.random()))

    async def _come(self, number: int, arrival: float, rng: Random) -> None:
        """Come at the time of arrival and not a moment later, however full the shop is."""
        await asyncio.sleep(arrival - self._elapsed())
        # Somebody who is still inside comes as a second person would, with a browser of their own.
        shopper = self._people.pop(number, None) or self._make_person(number)
        await self._visit(shopper, rng, intended=self._origin + arrival)
        self._people[number] = shopper

    def _make_person(self, number: int) -> Shopper:
        config = self._config
        market = self._shelf.market
        return Shopper(make_persona(config.seed, config.first_number + number, market))

    async def _live(self, number: int, arrival: float) -> None:
        """Come at the time of arrival, and perhaps again later."""
        config = self._config
        rng = Random(f"life {config.seed} {config.first_number + number}")
        visits = rng.randint(1, config.most_visits)
        await asyncio.sleep(arrival)
        # Made on arrival: Faker takes its time, and so it is spread.
        shopper = self._make_person(number)
        async with self._door:
            await self._visit(shopper, rng)
        for _ in range(visits - 1):
            away = rng.uniform(0.05, 0.25) * config.seconds
            if self._elapsed() + away > config.seconds:
                return
            await asyncio.sleep(away)
            # Who has been there does not queue: those who come for the first time go in first.
            if not self._door.locked():
                async with self._door:
                    await self._visit(shopper, rng)

    async def _visit(self, shopper: Shopper, rng: Random, intended: float | None = None) -> None:
        config = self._config
        # Who comes at a rate comes, even if the load generator is late.
        is_over = config.rate is None and self._elapsed() >= config.seconds
        if is_over or self._budget.is_spent or not self._visits.take():
            return
        report = VisitReport()
        if intended is not None:
            report.lateness_ms.append((perf_counter() - intended) * 1000)
        report.begun_at[int(perf_counter() if intended is None else intended)] += 1
        self._running.append(report)
        async with self._browsers.open() as client:
            around = self._surroundings(client, intended)
            if config.control_share and rng.random() < config.control_share:
                around = replace(around, is_control=True)
            # Only who is logged in can buy.
            is_anonymous = not self._sale and rng.random() < config.anonymous_share
            await perform_visit(shopper, rng, around, is_anonymous=is_anonymous, report=report)
        report.ended_at[int(perf_counter())] += 1
        self._running.remove(report)
        self._total.add(report)

    def _surroundings(self, client: httpx.AsyncClient, intended: float | None) -> Surroundings:
        seconds = self._config.seconds
        return Surroundings(
            client=client,
            addresses=self._config.addresses,
            shelf=self._shelf,
            pace=_DeadlinePace(
                ends=self._started + seconds,
                leaves=self._started + seconds * (1 + _GRACE_SHARE),
                scale=self._think_scale(),
                intended=intended,
                hurries=self._config.rate is None,
            ),
            clock=self._clock,
            budget=self._budget,
            habits=self._config.habits,
            mischief=self._config.mischief,
            acquaintances=self._acquaintances,
            sale=self._sale,
        )

    def _think_scale(self) -> float:
        if self._config.rate is not None:
            return self._config.think_scale
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
    """Scaled pauses; for who hurries they get shorter as the end comes near, and none after it."""

    def __init__(
        self,
        *,
        ends: float,
        leaves: float,
        scale: float,
        intended: float | None = None,
        hurries: bool = True,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._ends = ends
        self._leaves = leaves
        self._scale = scale
        self._hurries = hurries
        self._sleep = sleep
        self._intention = Intention(intended)

    async def think(self, seconds: float) -> None:
        pause = seconds * self._scale
        if self._hurries:
            pause = min(pause, max(self._ends - monotonic(), 0.0) / _ORDINARY_STEPS)
        self._intention.set_in(pause)
        await self._sleep(pause)

    async def wait(self, seconds: float) -> None:
        await self._sleep(seconds)

    def has_time(self) -> bool:
        return monotonic() < self._leaves

    def take_intended(self) -> float | None:
        return self._intention.take()


def _draw_arrivals(config: CrowdConfig) -> list[float]:
    """Draw when each person first comes.

    Poisson arrivals of which there are exactly so many are independent and uniform in time.
    """
    rng = Random(f"arrivals {config.seed}")
    end = config.seconds * _ARRIVALS_SHARE
    return sorted(rng.uniform(0, end) for _ in range(config.shoppers))
