"""The clocks of the shop's own processes are wrong; the stores and the shoppers keep the right one.

libfaketime stands before the C library in each process and reads from a file, once a second, how
far the clock is off. What measures how long something takes is not changed, as in life.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from time import monotonic

import httpx

from fashion_contracts.picks import HISTORY_LENGTH
from fashion_kit.clock import utc_now
from infra.faults.injections import CannotInjectError, PromiseBrokenError, Struck
from infra.faults.shop import GatedShop
from infra.local.checkpoints import replace_file
from infra.local.environments import Environment

_PACKAGE = "libfaketime"
_IN_PACKAGE = "vendor/libfaketime/src/libfaketime.so.1"
# A busy server takes a while to answer, and has dated the answer before that.
_SEEN_WITHIN = timedelta(minutes=1)
_PATIENCE_SECONDS = 20
_POLL_SECONDS = 0.2


def find_library() -> Path | None:
    """Return the package's libfaketime, or None where it could not be installed.

    A distribution's own is built to change waits too, and makes some of Python's fail (0.9.10).
    """
    package = find_spec(_PACKAGE)
    folders = (package.submodule_search_locations or ()) if package else ()
    libraries = (Path(folder) / _IN_PACKAGE for folder in folders)
    return next((library for library in libraries if library.exists()), None)


class ServerClock:
    """A clock that processes share which are started with its environment."""

    def __init__(self, library: Path, file: Path) -> None:
        self._library = library
        self._file = file
        self.set(timedelta())

    def environment(self) -> Environment:
        """Return what a process must be told to have this clock."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # In seconds. To read the file at each look at the clock would slow everything down.
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, error: timedelta) -> None:
        """Have it go ahead of the right time by so much, or after it."""
        content = f"{error.total_seconds():+.0f}s\n"
        replace_file(self._file, content.encode(), durable=False)


@dataclass(frozen=True)
class ServerClockJumps:
    """The clocks of every process of the shop's own jump ahead and back."""

    jumps: Sequence[timedelta]
    """How far they are off, one after the other; at last they are right again."""
    pause_seconds: float

    def inject(self, shop: GatedShop) -> Struck:
        """Start the shop with a clock of ours, and set it, jump by jump."""
        library = find_library()
        if library is None:
            raise CannotInjectError("libfaketime is not here: it takes a C compiler to install it")
        clock = ServerClock(library, shop.stack.config.folder / "clock")
        before = shop.stack.environments
        shop.afterwards.callback(partial(shop.start_anew, before))
        overrides = before.overrides | clock.environment()
        shop.start_anew(replace(before, overrides=overrides))
        for jump in (*self.jumps, timedelta()):
            shop.clock_errors.add(jump)
            clock.set(jump)
            _wait_until_seen(shop, jump)
            Event().wait(self.pause_seconds)
            _click(shop, HISTORY_LENGTH, jump)
        return Counter({"jumps": len(self.jumps) + 1})


def _wait_until_seen(shop: GatedShop, error: timedelta) -> None:
    """Wait until the answers of both APIs are dated by the wrong clock."""
    deadline = monotonic() + _PATIENCE_SECONDS
    while not all(
        abs(shown - utc_now() - error) < _SEEN_WITHIN for shown in _dates_of_answers(shop)
    ):
        if monotonic() > deadline:
            raise CannotInjectError("libfaketime does not set the clocks of this machine's Python")
        Event().wait(_POLL_SECONDS)


def _dates_of_answers(shop: GatedShop) -> Iterator[datetime]:
    for name in ("storefront", "recommender"):
        answer = httpx.get(f"{shop.stack.url_of(name)}/health", timeout=_PATIENCE_SECONDS)
        yield parsedate_to_datetime(answer.headers["Date"])


def _click(shop: GatedShop, times: int, error: timedelta) -> None:
    """See that clicks are taken while the clocks are wrong.

    They are as many as the recommender remembers: if one of them stood before what the shopper does
    next, no later click would change the picks until the clocks have caught up.
    """
    try:
        for _ in range(times):
            shop.looker.click(1)
    except httpx.HTTPError as broken:
        shop.unsure_clicks += 1
        raise PromiseBrokenError(f"a click with clocks off by {error}: {broken}") from broken
