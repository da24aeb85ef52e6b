"""The servers that are measured: real processes, told what every measurement tells them."""

import os
import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import psutil

from infra.local.aws_endpoint import REGION
from infra.local.keys import Keys
from infra.local.processes import Process, free_port, is_listening
from infra.local.settings import inherited_environment

Case = TypeVar("Case", bound=Hashable)

START_SECONDS = 60
ROUNDS = 3
FIRST_PROCESSOR = min(os.sched_getaffinity(0))


@contextmanager
def serving(
    app: str, environment: dict[str, str], folder: Path, *, processor: int | None = None
) -> Iterator[tuple[psutil.Process, int]]:
    """Yield the app's process, on one processor if that is said, and its port."""
    port = free_port()
    process = Process(app, folder / f"{port}.log")
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log"]
    speed = ["--loop", "uvloop", "--http", "httptools"]
    process.start([sys.executable, "-m", "uvicorn", *options, *speed, app], environment)
    try:
        server = psutil.Process(process.pid)
        if processor is not None:
            server.cpu_affinity([processor])
        process.wait_until(lambda: is_listening(port), seconds=START_SECONDS)
        yield server, port
    finally:
        process.stop()


@contextmanager
def off_first_processor() -> Iterator[None]:
    """Keep this process and what it starts off the first processor, if there are others."""
    every = os.sched_getaffinity(0)
    if len(every) > 1:
        os.sched_setaffinity(0, every - {FIRST_PROCESSOR})
    yield
    os.sched_setaffinity(0, every)


@contextmanager
def running(module: str, folder: Path) -> Iterator[int]:
    """Yield the port of the module, started with a port as its one argument."""
    port = free_port()
    process = Process(module, folder / f"{module}.log")
    process.start([sys.executable, "-m", module, str(port)], inherited_environment())
    try:
        process.wait_until(lambda: is_listening(port), seconds=START_SECONDS)
        yield port
    finally:
        process.stop()


def environment_of(folder: Path, database_url: str, kinesis_port: int = 1) -> dict[str, str]:
    """Return what a storefront is told; nobody listens at port 1, for who puts nothing there."""
    keys = Keys.in_folder(folder / "keys")
    return inherited_environment() | {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{kinesis_port}",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "STOREFRONT_DATABASE_URL": database_url,
        "STOREFRONT_EVENT_STREAM": "clicks",
        "STOREFRONT_LANDING_BUCKET": "landing",
        "STOREFRONT_TOKEN_PRIVATE_KEY_FILE": str(keys.token_private),
        # Nobody is kept waiting here but by the work itself.
        "STOREFRONT_USER_REQUESTS_PER_MINUTE": "0",
        "STOREFRONT_ADDRESS_REQUESTS_PER_MINUTE": "0",
        "STOREFRONT_CREDENTIAL_REQUESTS_PER_MINUTE": "0",
    }


def cpu_seconds(process: psutil.Process) -> float:
    """Return how long the process has kept a processor busy."""
    return sum(process.cpu_times()[:2])


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return the median of each figure over the rounds."""
    return {name: median(figures[name] for figures in rounds) for name in rounds[0]}


def in_turns(
    cases: Sequence[Case], measure: Callable[[Case, float], dict[str, float]], *, seconds: float
) -> dict[Case, dict[str, Any]]:
    """Return the medians of each case's figures, measured round after round in turns.

    So what the machine does besides falls on all cases alike. None is measured cold.
    """
    for case in cases:
        measure(case, seconds / ROUNDS)
    rounds: dict[Case, list[dict[str, float]]] = {case: [] for case in cases}
    for _ in range(ROUNDS):
        for case in cases:
            rounds[case].append(measure(case, seconds))
    return {case: medians(measured) for case, measured in rounds.items()}
