import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from infra.tests.local.event_source_bench import Bench

from fashion_kit import aws as kit_aws
from fashion_kit.ids import new_id
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.processes import Process
from infra.local.settings import inherited_environment
from infra.local.worker_testing import ManualClock, ScriptedShard, StartWorker, StreamOnEndpoint

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands still."""
    return ManualClock()


@pytest.fixture
def shard() -> ScriptedShard:
    """Return an empty shard in memory."""
    return ScriptedShard()


@pytest.fixture
def bench(tmp_path: Path, shard: ScriptedShard, clock: ManualClock) -> Bench:
    """Return one mapping over the shard, the clock and scripted ports."""
    return Bench(tmp_path, shard, clock)


@pytest.fixture
def stream(aws: AwsEndpoint) -> StreamOnEndpoint:
    """Return a new stream with one shard."""
    kinesis: KinesisClient = kit_aws.client("kinesis")
    name = f"stream-{new_id().lower()}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    return StreamOnEndpoint(kinesis, name)


@pytest.fixture
def start_worker(tmp_path: Path, aws: AwsEndpoint) -> Iterator[StartWorker]:
    """Return a function that starts a worker's module with settings; all end with the test."""
    started: list[Process] = []

    def start(module: str, settings: Mapping[str, str]) -> Process:
        process = Process(module, tmp_path / f"{module}.log")
        process.start(
            [sys.executable, "-m", module],
            inherited_environment() | aws.environment() | dict(settings),
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
