"""Event intake: our POST /events against one put_record for each request, on the same stand-in."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import repeat
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from bench.load import Outcome, closed_loop, post
from infra.local.aws_endpoint import REGION
from infra.local.keys import Keys
from infra.local.processes import Process, free_port, is_listening
from infra.local.settings import inherited_environment

CONNECTIONS = 64
ROUNDS = 2
ROUND_SECONDS = 2.5
WARM_UP_SECONDS = 0.5
START_SECONDS = 30
GOAL = 4

PLAIN = "one put_record each"
OURS = "storefront, batched"

EVENT = {
    "event_id": "01JD0000000000000000000000",
    "type": "product_view",
    "anonymous_id": "anon-0123456789abcdef",
    "session_id": "session-1",
    "product_id": 4711,
    "event_time": "2026-01-01T10:00:00Z",
    "page": {"url": "https://shop.example/products/4711"},
}


def run() -> dict[str, Any]:
    """Return the rates of both ways, measured in turns, and how many times faster ours is."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        environment = _environment(stack.enter_context(_stand_in(folder)), folder)
        servers = {
            PLAIN: stack.enter_context(_server("bench.put_record_app:app", environment, folder)),
            OURS: stack.enter_context(_server("storefront.app:app", environment, folder)),
        }
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
        for process, port in servers.values():
            _measure(process, port, WARM_UP_SECONDS)
        for _ in range(ROUNDS):
            for name, (process, port) in servers.items():
                rounds[name].append(_measure(process, port, ROUND_SECONDS))
    variants = [{"variant": name} | _medians(figures) for name, figures in rounds.items()]
    plain, ours = (variant["events_per_s"] for variant in variants)
    return {
        "title": f"POST /events, {CONNECTIONS} connections, Kinesis stand-in of 5 ms",
        "variants": variants,
        "times_faster": round(ours / plain, 2),
        "goal_times_faster": GOAL,
    }


def _measure(process: Process, port: int, seconds: float) -> dict[str, float]:
    server = psutil.Process(process.pid)
    requests = repeat(post("/events", json.dumps({"events": [EVENT]}).encode()))
    before = sum(server.cpu_times()[:2])
    outcome: Outcome = closed_loop(port, requests, connections=CONNECTIONS, seconds=seconds)
    cpu_seconds = sum(server.cpu_times()[:2]) - before
    return {
        "events_per_s": round(outcome.rate, 1),
        "p50_ms": round(outcome.percentile(50), 1),
        "p99_ms": round(outcome.percentile(99), 1),
        "cpu_us": round(cpu_seconds * 1e6 / len(outcome.milliseconds), 1),
        "failures": float(outcome.failures),
    }


def _medians(rounds: list[dict[str, float]]) -> dict[str, Any]:
    return {name: median(figures[name] for figures in rounds) for name in rounds[0]}


@contextmanager
def _stand_in(folder: Path) -> Iterator[int]:
    port = free_port()
    process = Process("kinesis", folder / "kinesis.log")
    process.start([sys.executable, "-m", "bench.stand_in", str(port)], inherited_environment())
    try:
        process.wait_until(lambda: is_listening(port), seconds=START_SECONDS)
        yield port
    finally:
        process.stop()


@contextmanager
def _server(app: str, environment: dict[str, str], folder: Path) -> Iterator[tuple[Process, int]]:
    port = free_port()
    process = Process(app, folder / f"{port}.log")
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log"]
    speed = ["--loop", "uvloop", "--http", "httptools"]
    process.start([sys.executable, "-m", "uvicorn", *options, *speed, app], environment)
    try:
        process.wait_until(lambda: is_listening(port), seconds=START_SECONDS)
        yield process, port
    finally:
        process.stop()


def _environment(kinesis_port: int, folder: Path) -> dict[str, str]:
    return inherited_environment() | {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{kinesis_port}",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        # Never connected to: taking events asks the database for nothing.
        "STOREFRONT_DATABASE_URL": "mysql+pymysql://nobody@127.0.0.1:1/none",
        "STOREFRONT_EVENT_STREAM": "clicks",
        "STOREFRONT_LANDING_BUCKET": "landing",
        "STOREFRONT_TOKEN_PRIVATE_KEY_FILE": str(Keys.in_folder(folder / "keys").token_private),
    }
