"""A clock that processes share: set while they run, and only what the time of day is changes."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from fashion_kit.clock import utc_now
from infra.faults import server_clocks
from infra.faults.injections import CannotInjectError
from infra.faults.server_clocks import ServerClock, ServerClockJumps, find_library
from infra.faults.shop import GatedShop
from infra.local.settings import inherited_environment
from infra.local.worker_testing import eventually

# A line comes in, the time of day goes out, and how long a short wait was.
PROGRAM = """
import sys, threading, time
for _ in sys.stdin:
    began = time.monotonic()
    threading.Event().wait(0.01)
    print(time.time(), time.monotonic() - began, flush=True)
"""
NEAR = timedelta(seconds=5)
LONG_SECONDS = 60

needs_library = pytest.mark.skipif(
    find_library() is None, reason="libfaketime is not here: `make .venv/.clocks`"
)


class Teller:
    """A process that tells what its clocks show."""

    def __init__(self, clock: ServerClock) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=inherited_environment() | clock.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self) -> tuple[datetime, float]:
        """Return the time of day, and how many seconds a short wait was."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        print(file=process.stdin, flush=True)
        shown, waited = process.stdout.readline().split()
        return datetime.fromtimestamp(float(shown), UTC), float(waited)

    def stop(self) -> None:
        self._process.communicate()


@pytest.fixture
def clock(tmp_path: Path) -> ServerClock:
    library = find_library()
    assert library is not None
    return ServerClock(library, tmp_path / "clock")


@pytest.fixture
def teller(clock: ServerClock) -> Iterator[Teller]:
    one = Teller(clock)
    yield one
    one.stop()


def _shows(teller: Teller, error: timedelta) -> bool:
    shown, waited = teller.ask()
    assert 0 < waited < LONG_SECONDS
    return abs(shown - utc_now() - error) < NEAR


@needs_library
def test_a_running_process_has_the_clock_that_was_set_and_waits_no_longer(
    clock: ServerClock, teller: Teller
) -> None:
    for minutes in (0, 10, 0, -10, 0):
        error = timedelta(minutes=minutes)
        clock.set(error)
        eventually(partial(_shows, teller, error))


def test_where_no_library_is_the_scenario_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_clocks, "find_library", lambda: None)
    untouched = cast(GatedShop, None)
    with pytest.raises(CannotInjectError, match="libfaketime"):
        ServerClockJumps([timedelta(minutes=10)], 0).inject(untouched)
