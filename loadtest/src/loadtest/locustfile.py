"""The same visits for Locust: `locust -f loadtest/src/loadtest/locustfile.py --host URL`.

A visit is a coroutine that waits for nothing but its HTTP client and its pauses. Here both are
Locust's own, which switch greenlets instead of an event loop; so the coroutine never suspends, and
every request appears in Locust's statistics under its endpoint's name.
"""

import time
from argparse import Namespace
from collections.abc import Coroutine
from itertools import count
from random import Random
from typing import Any, TypeVar

import httpx
from locust import FastHttpUser, between, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from loadtest.catalogue import read_shelf
from loadtest.errors import LoadtestError
from loadtest.hosts import require_allowed
from loadtest.pace import SteadyPace
from loadtest.personas import make_persona
from loadtest.shelf import Shelf
from loadtest.shop import Addresses
from loadtest.shopper import Shopper
from loadtest.visit import Surroundings, perform_visit

Result = TypeVar("Result")

_PEOPLE_OF_A_WORKER = 1_000_000


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: LocustArgumentParser) -> None:
    """Add what Locust does not ask for itself."""
    parser.add_argument("--recommender", default="", help="base URL of the recommender")
    parser.add_argument("--shopper-seed", type=int, default=1, help="who the shoppers are")
    parser.add_argument("--think-scale", type=float, default=0.1, help="factor on their pauses")
    parser.add_argument("--anonymous-share", type=float, default=0.25, help="visits without login")
    parser.add_argument("--shelf-limit", type=int, default=5000, help="products that they know")
    parser.add_argument("--allow-host", default="", help="a machine of yours that may be visited")


class LocustTransport(httpx.AsyncBaseTransport):
    """Hands httpx's requests to a user's own client of Locust."""

    def __init__(self, user: FastHttpUser) -> None:
        self._user = user

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; it counts as failed if the visit did not expect the answer."""
        with self._user.client.request(
            request.method,
            str(request.url),
            name=request.extensions.get("endpoint", request.url.path),
            data=request.content.decode() or None,
            headers=_headers_of(request),
            catch_response=True,
            allow_redirects=False,
        ) as response:
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


class ShopperUser(FastHttpUser):
    """One shopper of Locust: the same person visit after visit."""

    wait_time = between(0.5, 3)
    numbers = count()

    def on_start(self) -> None:
        """Become a person who knows the shop."""
        options = _options(self.environment)
        # Each of Locust's workers has people of its own.
        worker = getattr(self.environment.runner, "worker_index", 0)
        number = worker * _PEOPLE_OF_A_WORKER + next(self.numbers)
        self._rng = Random(f"locust {options.shopper_seed} {number}")
        self._around = _surroundings(self)
        market = self._around.shelf.market
        self._shopper = Shopper(make_persona(options.shopper_seed, number, market))

    @task
    def visit(self) -> None:
        """Visit the shop once."""
        is_anonymous = self._rng.random() < _options(self.environment).anonymous_share
        coroutine = perform_visit(self._shopper, self._rng, self._around, is_anonymous=is_anonymous)
        run_without_loop(coroutine)


@events.init.add_listener  # type: ignore[untyped-decorator]
def refuse_strangers(environment: Environment, **_: Any) -> None:
    """End Locust at once if it is started for a machine that may not be visited."""
    try:
        _require_allowed(environment, environment.host)
    except LoadtestError as error:
        raise SystemExit(str(error)) from error


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


def _surroundings(user: FastHttpUser) -> Surroundings:
    options = _options(user.environment)
    # Once more: the host may have been changed in Locust's web page.
    _require_allowed(user.environment, user.host)
    storefront = str(user.host).rstrip("/")
    client = httpx.AsyncClient(transport=LocustTransport(user))
    if storefront not in _shelves:
        reading = read_shelf(client, storefront, limit=options.shelf_limit)
        _shelves[storefront] = run_without_loop(reading)
    return Surroundings(
        client=client,
        addresses=Addresses(storefront, options.recommender.rstrip("/") or None),
        shelf=_shelves[storefront],
        pace=SteadyPace(options.think_scale, _sleep),
    )


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


def _headers_of(request: httpx.Request) -> dict[str, str]:
    """Return the headers without those that Locust's client writes itself."""
    own = {"host", "content-length", "connection", "accept-encoding"}
    return {name: value for name, value in request.headers.items() if name not in own}


def _is_kept(name: str) -> bool:
    """Say whether a header still holds after Locust's client has unpacked the body."""
    return name.lower() not in {"content-encoding", "content-length", "transfer-encoding"}
