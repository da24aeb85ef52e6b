"""GET /recommendations: ours against one boto3 get_item of typed attributes, on one stand-in.

The server has one processor for itself, the load and the stand-in another: what one of them takes
from the others would else be measured, too.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from bench.dynamodb_stand_in import PACKED, SHOPPERS, shopper_id
from bench.load import Outcome, closed_loop, get, open_loop
from bench.servers import (
    FIRST_PROCESSOR,
    cpu_seconds,
    environment_of,
    in_turns,
    off_first_processor,
    running,
    serving,
)
from infra.local.keys import Keys

ROUND_SECONDS = 3.0
CONNECTIONS = 64
OPEN_RATE = 1_000
OPEN_CONNECTIONS = 256
FREQUENT_SHOPPERS = 2_000
FREQUENT_SHARE = 0.8
GOAL_TIMES_FASTER = 12
GOAL_P90_MS = 8
# Never connected to: who cannot read the catalogue takes every product for one in stock.
NO_DATABASE = "mysql+pymysql://nobody@127.0.0.1:1/none"

PLAIN = "one get_item each"
OURS = "recommender"
APPS = {PLAIN: "bench.get_item_app:app", OURS: "recommender.app:app"}


@dataclass(frozen=True)
class Case:
    """One way to ask one of the servers."""

    server: str
    rate: float | None = None
    """Requests a second, whether or not they are answered; as fast as possible if not set."""

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        load = f"{CONNECTIONS} connections" if self.rate is None else f"{self.rate:,.0f}/s"
        return f"{self.server}, {load}"

    def run(self, port: int, seconds: float) -> Outcome:
        """Return what it measured in so many seconds."""
        if self.rate is None:
            return closed_loop(port, requests(), connections=CONNECTIONS, seconds=seconds)
        return open_loop(
            port, requests(), rate=self.rate, connections=OPEN_CONNECTIONS, seconds=seconds
        )


RIVAL, PEAK, OPEN = Case(PLAIN), Case(OURS), Case(OURS, OPEN_RATE)
CASES = (RIVAL, PEAK, OPEN)


def run() -> dict[str, Any]:
    """Return the rates of both ways, measured in turns, and what became of the goals."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        stack.enter_context(off_first_processor())
        port = stack.enter_context(running("bench.dynamodb_stand_in", folder))
        environment = _environment(folder, port)
        servers = {
            name: stack.enter_context(serving(app, environment, folder, processor=FIRST_PROCESSOR))
            for name, app in APPS.items()
        }
        figures = in_turns(
            CASES,
            lambda case, seconds: _measure(case, *servers[case.server], seconds),
            seconds=ROUND_SECONDS,
        )
    rival, peak = figures[RIVAL], figures[PEAK]
    return {
        "title": "GET /recommendations, DynamoDB stand-in of 5 ms, one processor for the server",
        "variants": [{"variant": case.name} | found for case, found in figures.items()],
        "times_faster": round(peak["requests_per_s"] / rival["requests_per_s"], 2),
        "times_less_cpu": round(rival["cpu_us"] / peak["cpu_us"], 2),
        "goal_times_faster": GOAL_TIMES_FASTER,
        "open_loop_p90_ms": figures[OPEN]["p90_ms"],
        "goal_open_loop_p90_ms": GOAL_P90_MS,
    }


def requests() -> Iterator[bytes]:
    """Yield requests without end: a tenth of the shoppers comes four times in five."""
    random = Random(1)  # noqa: S311 - the same shoppers in each run
    asked = [get(f"/recommendations/{shopper_id(number)}?limit=12") for number in range(SHOPPERS)]
    while True:
        is_frequent = random.random() < FREQUENT_SHARE
        yield asked[random.randrange(FREQUENT_SHOPPERS if is_frequent else SHOPPERS)]


def _environment(folder: Path, port: int) -> dict[str, str]:
    return environment_of(folder, NO_DATABASE, port) | {
        "RECOMMENDER_SHOPPERS_TABLE": PACKED,
        "RECOMMENDER_TRENDS_TABLE": "trends",
        "RECOMMENDER_MODELS_TABLE": "models",
        "RECOMMENDER_MODEL_BUCKET": "models",
        "RECOMMENDER_DATABASE_URL": NO_DATABASE,
        "RECOMMENDER_TOKEN_PUBLIC_KEY_FILE": str(Keys.in_folder(folder / "keys").token_public),
    }


def _measure(case: Case, server: psutil.Process, port: int, seconds: float) -> dict[str, float]:
    before = cpu_seconds(server)
    outcome = case.run(port, seconds)
    busy = cpu_seconds(server) - before
    return {
        "requests_per_s": round(outcome.rate, 1),
        "p50_ms": round(outcome.percentile(50), 2),
        "p90_ms": round(outcome.percentile(90), 2),
        "p99_ms": round(outcome.percentile(99), 2),
        "cpu_us": round(busy * 1e6 / len(outcome.milliseconds), 1),
        "failures": float(outcome.failures),
    }
