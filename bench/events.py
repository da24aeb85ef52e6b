"""Event intake: our POST /events against one put_record for each event, on the same stand-in.

The server has one processor for itself, the load and the stand-in another: what one of them takes
from the others would else be measured, too.
"""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from bench.load import Outcome, closed_loop, open_loop, post
from bench.servers import (
    FIRST_PROCESSOR,
    cpu_seconds,
    environment_of,
    in_turns,
    off_first_processor,
    running,
    serving,
)

ROUND_SECONDS = 2.0
# Never connected to: taking events asks the database for nothing.
NO_DATABASE = "mysql+pymysql://nobody@127.0.0.1:1/none"
OPEN_RATE = 2_000
OPEN_CONNECTIONS = 256

PLAIN = "one put_record each"
OURS = "storefront, batched"
APPS = {PLAIN: "bench.put_record_app:app", OURS: "storefront.app:app"}

EVENT = {
    "event_id": "01JD0000000000000000000000",
    "type": "product_view",
    "anonymous_id": "anon-0123456789abcdef",
    "session_id": "session-1",
    "product_id": 4711,
    "event_time": "2026-01-01T10:00:00Z",
    "page": {"url": "https://shop.example/products/4711"},
}


@dataclass(frozen=True)
class Case:
    """One way to send events to one of the servers."""

    server: str
    events: int
    connections: int
    rate: float | None = None
    """Requests a second, whether or not they are answered; as fast as possible if not set."""

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        load = f"{self.connections} connections" if self.rate is None else f"{self.rate:,.0f}/s"
        return f"{self.server}: {self.events} in a request, {load}"

    def run(self, port: int, seconds: float) -> Outcome:
        """Return what it measured in so many seconds."""
        request = post("/events", json.dumps({"events": [EVENT] * self.events}).encode())
        if self.rate is None:
            return closed_loop(port, repeat(request), connections=self.connections, seconds=seconds)
        return open_loop(
            port, repeat(request), rate=self.rate, connections=self.connections, seconds=seconds
        )


COMPARED = {
    "1_event_64_connections": (1, 64),
    "1_event_256_connections": (1, 256),
    "10_events_64_connections": (10, 64),
}
OPEN = Case(OURS, 1, OPEN_CONNECTIONS, OPEN_RATE)
CASES = (*(Case(app, *load) for load in COMPARED.values() for app in APPS), OPEN)


def run() -> dict[str, Any]:
    """Return the rates of both ways, measured in turns, and how many times faster ours is."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        stack.enter_context(off_first_processor())
        port = stack.enter_context(running("bench.stand_in", folder))
        environment = environment_of(folder, NO_DATABASE, port)
        servers = {
            name: stack.enter_context(serving(app, environment, folder, processor=FIRST_PROCESSOR))
            for name, app in APPS.items()
        }
        figures = in_turns(
            CASES,
            lambda case, seconds: measure(case, *servers[case.server], seconds),
            seconds=ROUND_SECONDS,
        )
    return {
        "title": "POST /events, Kinesis stand-in of 5 ms, one processor for the server",
        "variants": [{"variant": case.name} | found for case, found in figures.items()],
        **_comparisons(figures),
        "goal_times_faster": 12,
        "open_loop_p99_ms": figures[OPEN]["p99_ms"],
        "goal_open_loop_p99_ms": 15,
    }


def _comparisons(figures: dict[Case, dict[str, Any]]) -> dict[str, float]:
    found = {}
    for name, load in COMPARED.items():
        plain, ours = (figures[Case(app, *load)] for app in APPS)
        found[f"times_faster_{name}"] = round(ours["events_per_s"] / plain["events_per_s"], 2)
        found[f"times_less_cpu_{name}"] = round(plain["cpu_us"] / ours["cpu_us"], 2)
    return found


def measure(case: Case, server: psutil.Process, port: int, seconds: float) -> dict[str, float]:
    """Return what the case cost the server in so many seconds."""
    before = cpu_seconds(server)
    outcome = case.run(port, seconds)
    busy = cpu_seconds(server) - before
    answered = len(outcome.milliseconds)
    return {
        "events_per_s": round(outcome.rate * case.events, 1),
        "p50_ms": round(outcome.percentile(50), 1),
        "p99_ms": round(outcome.percentile(99), 1),
        "cpu_us": round(busy * 1e6 / (answered * case.events), 1),
        "failures": float(outcome.failures),
    }
