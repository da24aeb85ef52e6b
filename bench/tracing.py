"""What traces cost POST /events: off, with a few sampled, with all.

All are the same storefront on the same stand-in, in turns; the collector takes spans on the other
processor.
"""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psutil

from bench.events import NO_DATABASE, OURS, ROUND_SECONDS, Case, measure
from bench.servers import (
    FIRST_PROCESSOR,
    environment_of,
    in_turns,
    off_first_processor,
    running,
    serving,
)
from infra.observe.collector import collecting

OFF: Final = "traces off"
SAMPLED: Final = "1 in 100 sampled"
ALL: Final = "every request traced"
SHARES: Final = {OFF: None, SAMPLED: "0.01", ALL: "1"}
CONNECTIONS: Final = 64
APP: Final = "storefront.app:app"


def run() -> dict[str, Any]:
    """Return what a request costs the server each way, and how many times that of the first."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        stack.enter_context(off_first_processor())
        port = stack.enter_context(running("bench.stand_in", folder))
        _, collector = stack.enter_context(collecting())
        servers: dict[str, tuple[psutil.Process, int]] = {}
        for name, share in SHARES.items():
            told = environment_of(folder, NO_DATABASE, port)
            if share is not None:
                told |= {
                    "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
                    "OTEL_TRACES_SAMPLER_ARG": share,
                }
            servers[name] = stack.enter_context(
                serving(APP, told, folder, processor=FIRST_PROCESSOR)
            )
        case = Case(OURS, 1, CONNECTIONS)
        figures = in_turns(
            tuple(SHARES),
            lambda name, seconds: measure(case, *servers[name], seconds),
            seconds=ROUND_SECONDS,
        )
    return {
        "title": f"POST /events of one event, {CONNECTIONS} connections, with and without traces",
        "variants": [{"variant": name} | found for name, found in figures.items()],
        "times_the_cpu": {
            name: round(found["cpu_us"] / figures[OFF]["cpu_us"], 2)
            for name, found in figures.items()
        },
    }
