"""The same visits for Locust: `locust -f loadtest/src/loadtest/locustfile.py --host URL`.

A visit is a coroutine that waits for nothing but its HTTP client and its pauses. Here both are
Locust's own, which switch greenlets instead of an event loop; so the coroutine never suspends, and
every request appears in Locust's statistics under its endpoint's name, timed from when the person
meant to send it.

Without `--rate` each of Locust's users is one person, who comes again and again. With it each is a
door through which people come, whatever the shop does: together the users let in `--rate` visits a
second, for independent Poisson processes add up to one.
"""

import time
from argparse import Namespace
from collections.abc import Coroutine
from dataclasses import replace
from itertools import count
from math import ceil, inf
from random import Random
from time import perf_counter
from typing import Any, TypeVar

import gevent
import httpx
from gevent.pool import Group
from locust import User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.exception import StopUser

from loadtest.arrivals import poisson_arrivals
from loadtest.catalogue import read_shelf
from loadtest.errors import LoadtestError
from loadtest.habits import HABITS
from loadtest.hosts import require_allowed
from loadtest.mischief import HUNG_UP, draw_patience
from loadtest.options import DEFAULTS, add_people, mischief_of
from loadtest.pace import SteadyPace
from loadtest.personas import make_persona
from loadtest.shelf import Shelf
from loadtest.shop import Addresses
from loadtest.shopper import Shopper
from loadtest.visit import Surroundings, perform_visit

Result = TypeVar("Result")

_PEOPLE_OF_A_WORKER = 1_000_000
_SECONDS_BETWEEN_VISITS = 0.5, 3.0


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: LocustArgumentParser) -> None:
    """Add what Locust does not ask for itself."""
    add_people(parser)
    parser.add_argument("--allow-host", default="", help="a machine of yours that may be visited")


class _HungUp(gevent.GreenletExit):  # type: ignore[misc] # gevent has no types
    """Ends a request whose sender does not wait: Locust's client lets nothing else through."""


class LocustTransport(httpx.AsyncBaseTransport):
    """Hands httpx's requests to a client of Locust, and hangs up on a share of them."""

    def __init__(self, environment: Environment, dropped_share: float, rng: Random) -> None:
        self._request_event = environment.events.request
        self._dropped_share = dropped_share
        self._rng = rng
        timeout = DEFAULTS.request_timeout_seconds
        self._session = FastHttpSession(
            None,
            self._request_event,
            None,
            insecure=False,
            network_timeout=timeout,
            connection_timeout=timeout,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; it counts as failed if the visit did not expect the answer."""
        patience = draw_patience(self._dropped_share, self._rng)
        try:
            with gevent.Timeout(patience, _HungUp):
                return self._send(request)
        except _HungUp as error:
            note(self._request_event, "HANG UP", _name_of(request), (patience or 0) * 1000)
            raise httpx.ReadError(HUNG_UP, request=request) from error

    async def aclose(self) -> None:
        """Close the connections of this browser."""
        self._session.client.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        intended = request.extensions.get("intended")
        late = 0.0 if intended is None else max(perf_counter() - intended, 0.0)
        with self._session.request(
            request.method,
            str(request.url),
            name=_name_of(request),
            data=request.content.decode() or None,
            headers=_headers_of(request),
            catch_response=True,
            allow_redirects=False,
        ) as response:
            response.request_meta["response_time"] += late * 1000
            if response.status_code == 0:
                raise httpx.ConnectError(str(response.error), request=request)
            if response.status_code in request.extensions.get("expected", ()):
                response.success()
            content: bytes = response.content or b""
            return httpx.Response(
                response.status_code,
                headers=[pair for pair in response.headers.items() if _is_kept(pair[0])],
                content=content,
                request=request,
            )


class ShopperUser(User):
    """One person who visits again and again; with a rate, a door through which people come."""

    numbers = count()

    def on_start(self) -> None:
        """Know the shop, and who comes."""
        options = _options(self.environment)
        users = options.num_users or 1
        number = next(self.numbers)
        # Each of Locust's workers has people of its own, and each door of a worker.
        worker = getattr(self.environment.runner, "worker_index", 0)
        self._first = options.first_number + worker * _PEOPLE_OF_A_WORKER
        self._people = ceil(options.shoppers / users) if options.rate else 1
        self._first += number * self._people
        self._rate = float(options.rate) / users if options.rate else None
        self._visits_left = int(options.max_visits) // users
        self._rng = Random(f"locust {options.seed} {worker} {number}")
        self._shelf = _shelf(self.environment, self.host)
        self._shoppers: dict[int, Shopper] = {}
        self._inside = Group()

    def on_stop(self) -> None:
        """Send everybody out."""
        self._inside.kill()

    @task
    def receive(self) -> None:
        """Let the person visit the shop once; with a rate, let people in until there are enough."""
        if self._rate is not None:
            self._let_in(self._rate)
        elif self._take_visit():
            self._visit(0, self._rng)
            time.sleep(self._rng.uniform(*_SECONDS_BETWEEN_VISITS))
        else:
            raise StopUser

    def _let_in(self, rate: float) -> None:
        began = perf_counter()
        for arrival in poisson_arrivals(rate, inf, self._rng):
            if not self._take_visit():
                break
            time.sleep(max(began + arrival - perf_counter(), 0.0))
            number, rng = self._rng.randrange(self._people), Random(self._rng.random())
            self._inside.spawn(self._visit, number, rng, began + arrival)
        self._inside.join()
        raise StopUser

    def _take_visit(self) -> bool:
        self._visits_left -= 1
        return self._visits_left >= 0

    def _visit(self, number: int, rng: Random, intended: float | None = None) -> None:
        """Let the person with this number come; who is still inside comes as a second one."""
        options = _options(self.environment)
        shopper = self._shoppers.pop(number, None) or self._make_shopper(number)
        if intended is not None:
            late = (perf_counter() - intended) * 1000
            note(self.environment.events.request, "ARRIVE", "late by", late)
        around = self._surroundings(options, rng, intended)
        if options.control_share and rng.random() < options.control_share:
            around = replace(around, is_control=True)
        # Only who is logged in can buy.
        is_anonymous = not around.sale and rng.random() < options.anonymous_share
        report = run_without_loop(perform_visit(shopper, rng, around, is_anonymous=is_anonymous))
        run_without_loop(around.client.aclose())
        for _ in range(report.malformed_taken):
            taken = ValueError("it was taken")
            note(self.environment.events.request, "REFUSE", "malformed event", 0.0, taken)
        self._shoppers[number] = shopper

    def _make_shopper(self, number: int) -> Shopper:
        seed = _options(self.environment).seed
        return Shopper(make_persona(seed, self._first + number, self._shelf.market))

    def _surroundings(
        self, options: Namespace, rng: Random, intended: float | None
    ) -> Surroundings:
        transport = LocustTransport(self.environment, options.dropped_share, rng)
        return Surroundings(
            client=httpx.AsyncClient(transport=transport),
            addresses=Addresses(_base(self.host), _base(options.recommender) or None),
            shelf=self._shelf,
            pace=SteadyPace(options.think_scale, _sleep, intended=intended),
            habits=HABITS.with_eagerness(options.eagerness),
            mischief=mischief_of(options),
            sale=self._shelf.most_popular(options.sale_products),
        )


@events.init.add_listener  # type: ignore[untyped-decorator]
def refuse_strangers(environment: Environment, **_: Any) -> None:
    """End Locust at once if it is started for a machine that may not be visited."""
    try:
        _require_allowed(environment, environment.host)
    except LoadtestError as error:
        raise SystemExit(str(error)) from error


def note(
    request_event: Any, kind: str, name: str, milliseconds: float, error: Exception | None = None
) -> None:
    """Put something that is no request into Locust's statistics, as one of a kind of its own."""
    request_event.fire(
        request_type=kind,
        name=name,
        response_time=milliseconds,
        response_length=0,
        exception=error,
        context={},
    )


def run_without_loop(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that never suspends to its end, and return its result."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    coroutine.close()
    raise RuntimeError("the coroutine waited for an event loop")


_shelves: dict[str, Shelf] = {}


def _shelf(environment: Environment, host: str | None) -> Shelf:
    """Return the shop's products, read once for each process."""
    # Once more: the host may have been changed in Locust's web page.
    _require_allowed(environment, host)
    storefront = _base(host)
    if storefront not in _shelves:
        client = httpx.AsyncClient(transport=LocustTransport(environment, 0.0, Random()))
        limit = _options(environment).shelf_limit
        _shelves[storefront] = run_without_loop(read_shelf(client, storefront, limit=limit))
        run_without_loop(client.aclose())
    return _shelves[storefront]


def _require_allowed(environment: Environment, host: str | None) -> None:
    options = _options(environment)
    for url in filter(None, (host, options.recommender)):
        require_allowed(url, {options.allow_host})


def _options(environment: Environment) -> Namespace:
    options = environment.parsed_options
    if not isinstance(options, Namespace):
        raise TypeError("Locust has no options before its command line is read")
    return options


async def _sleep(seconds: float) -> None:
    # Locust has patched it: this lets other shoppers go on.
    time.sleep(seconds)


def _base(url: str | None) -> str:
    return (url or "").rstrip("/")


def _name_of(request: httpx.Request) -> str:
    return str(request.extensions.get("endpoint", request.url.path))


def _headers_of(request: httpx.Request) -> dict[str, str]:
    """Return the headers without those that Locust's client writes itself."""
    own = {"host", "content-length", "connection", "accept-encoding"}
    return {name: value for name, value in request.headers.items() if name not in own}


def _is_kept(name: str) -> bool:
    """Say whether a header still holds after Locust's client has unpacked the body."""
    return name.lower() not in {"content-encoding", "content-length", "transfer-encoding"}
