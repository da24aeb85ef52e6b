"""Folding through the real Lambda handler: our signed client against boto3, on the same stand-in.

The handler has one processor for itself, the stand-in another. What counts is the processor's time:
events a second of it are what a function of one processor can do, however long the store takes.
"""

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.servers import FIRST_PROCESSOR, ROUNDS, medians, off_first_processor, running
from infra.local.aws_endpoint import REGION
from infra.local.processes import Process
from infra.local.settings import inherited_environment

SECONDS = 120
VARIANTS = {"boto3": "boto3 in 8 threads", "ours": "signed client"}
GOAL_EVENTS_PER_CPU_SECOND = 5_000

Cases = dict[str, dict[str, float]]


def run() -> dict[str, Any]:
    """Return what an event costs each way in each case, measured in turns."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        stack.enter_context(off_first_processor())
        rounds: dict[str, list[Cases]] = {variant: [] for variant in VARIANTS}
        for _ in range(ROUNDS):
            for variant in VARIANTS:
                # Each time a store of its own, so that all of them begin with the same shoppers.
                with running("bench.stand_in", folder) as port:
                    rounds[variant].append(_measured(variant, port, folder))
    figures = {
        variant: {case: medians([cases[case] for cases in measured]) for case in measured[0]}
        for variant, measured in rounds.items()
    }
    return {
        "title": "Interactions folded by the Lambda handler, DynamoDB stand-in of 5 ms",
        "variants": [
            {"variant": f"{VARIANTS[variant]}: {case}"} | found
            for variant, cases in figures.items()
            for case, found in cases.items()
        ],
        "times_less_cpu": {
            case: round(figures["boto3"][case]["cpu_us"] / found["cpu_us"], 2)
            for case, found in figures["ours"].items()
        },
        "times_less_cpu_besides_ranking": {
            case: round(_besides_ranking(figures["boto3"][case]) / _besides_ranking(found), 2)
            for case, found in figures["ours"].items()
        },
        "goal_events_per_cpu_second": GOAL_EVENTS_PER_CPU_SECOND,
    }


def _besides_ranking(figures: dict[str, float]) -> float:
    return figures["cpu_us"] - figures["ranking_us"]


def _measured(variant: str, port: int, folder: Path) -> Cases:
    """Return the figures of each case, taken by a process of its own."""
    output = folder / "figures.json"
    process = Process(variant, folder / f"{variant}.log")
    command = [sys.executable, "-m", "bench.fold_worker", variant]
    command += [str(output), str(FIRST_PROCESSOR)]
    process.start(command, _environment(port))
    process.wait_until(lambda: process.pid is None, seconds=SECONDS)
    cases: Cases = json.loads(output.read_text())
    return cases


def _environment(port: int) -> Mapping[str, str]:
    return inherited_environment() | {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "RECOMMENDER_SHOPPERS_TABLE": "shoppers",
        "RECOMMENDER_TRENDS_TABLE": "trends",
        "RECOMMENDER_MODELS_TABLE": "models",
        "RECOMMENDER_MODEL_BUCKET": "models",
    }
