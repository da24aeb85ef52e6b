"""The whole worker: its own process, a real function on the endpoint, real faults."""

import io
import json
import os
import signal
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fashion_kit import aws as kit_aws
from fashion_kit.ids import new_id
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.event_source.status import EventSourceStatus
from infra.local.processes import Process
from infra.local.worker_testing import StartWorker, StreamOnEndpoint, eventually

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_sqs.client import SQSClient

pytestmark = pytest.mark.servers

# Notes each record; fails on a line `poison`; while a file `hold` is there, it does not answer.
HANDLER = """
import base64, pathlib, time
FOLDER = pathlib.Path({folder!r})
def handler(event, context):
    records = [record["kinesis"] for record in event["Records"]]
    lines = [base64.b64decode(record["data"]).decode() for record in records]
    with (FOLDER / "seen").open("a") as seen:
        seen.writelines(line + "\\n" for line in lines)
    while (FOLDER / "hold").exists():
        time.sleep(0.01)
    failed = [record for record, line in zip(records, lines) if line == "poison"]
    return {{"batchItemFailures": [{{"itemIdentifier": r["sequenceNumber"]}} for r in failed]}}
"""
MODULE = "infra.local.event_source"


@dataclass
class Site:
    """A stream, a function and a failure queue, with a worker between them."""

    folder: Path
    stream: StreamOnEndpoint
    function: str
    queue_url: str
    start_worker: StartWorker

    def start(self) -> Process:
        return self.start_worker(
            MODULE,
            {
                "EVENT_SOURCE_STREAM": self.stream.name,
                "EVENT_SOURCE_FUNCTION": self.function,
                "EVENT_SOURCE_FAILURE_QUEUE_URL": self.queue_url,
                "EVENT_SOURCE_STATE_FOLDER": str(self.folder / "state"),
                "EVENT_SOURCE_MAXIMUM_RETRY_ATTEMPTS": "1",
                "EVENT_SOURCE_RETRY_FIRST_SECONDS": "0.01",
            },
        )

    @property
    def hold(self) -> Path:
        return self.folder / "hold"

    def seen(self) -> list[str]:
        path = self.folder / "seen"
        return path.read_text().splitlines() if path.exists() else []

    def status(self) -> EventSourceStatus | None:
        return EventSourceStatus.read(self.folder / "state")


@pytest.fixture
def site(
    tmp_path: Path, aws: AwsEndpoint, stream: StreamOnEndpoint, start_worker: StartWorker
) -> Iterator[Site]:
    functions: LambdaClient = kit_aws.client("lambda")
    queues: SQSClient = kit_aws.client("sqs")
    name = f"function-{new_id().lower()}"
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("handler.py", HANDLER.format(folder=str(tmp_path)))
    functions.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/function",
        Handler="handler.handler",
        Code={"ZipFile": bundle.getvalue()},
        Timeout=10,
    )
    queue_url = queues.create_queue(QueueName=name)["QueueUrl"]
    site = Site(tmp_path, stream, name, queue_url, start_worker)
    yield site
    site.hold.unlink(missing_ok=True)


def test_records_put_before_and_after_the_start_reach_the_function(site: Site) -> None:
    site.stream.put(b"before")
    site.start()
    eventually(lambda: site.seen() == ["before"])
    site.stream.put(b"after")
    eventually(lambda: site.seen() == ["before", "after"])


def test_a_poison_record_goes_to_the_queue_and_the_shard_moves_on(site: Site) -> None:
    site.stream.put(b"1", b"poison", b"2")
    site.start()
    eventually(lambda: (status := site.status()) is not None and status.records == 3)
    site.stream.put(b"3")
    eventually(lambda: site.seen()[-1] == "3")
    assert site.seen().count("poison") == 2 + 2
    queues: SQSClient = kit_aws.client("sqs")
    [message] = queues.receive_message(QueueUrl=site.queue_url, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(message["Body"])["KinesisBatchInfo"]["batchSize"] == 1


def test_a_worker_killed_before_its_checkpoint_delivers_again(site: Site) -> None:
    site.hold.touch()
    site.stream.put(b"1", b"2")
    worker = site.start()
    eventually(lambda: site.seen() == ["1", "2"])
    worker.kill()
    site.hold.unlink()
    site.stream.put(b"3")
    site.start()
    eventually(lambda: site.seen()[2:4] == ["1", "2"])
    eventually(lambda: "3" in site.seen())


def test_a_stopped_worker_finishes_its_batch_and_the_next_goes_on_behind_it(site: Site) -> None:
    site.hold.touch()
    site.stream.put(b"1", b"2")
    worker = site.start()
    eventually(lambda: site.seen() == ["1", "2"])
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGTERM)
    eventually(lambda: "worker_stopping" in worker.log.read_text())
    site.hold.unlink()
    assert worker.wait(seconds=20) == 0
    site.stream.put(b"3")
    site.start()
    eventually(lambda: site.seen() == ["1", "2", "3"])


def test_shards_that_came_after_the_start_reach_the_function(site: Site) -> None:
    site.stream.put(b"before")
    site.start()
    eventually(lambda: (status := site.status()) is not None and status.records == 1)
    site.stream.split()
    for number in range(10):
        site.stream.put(b"after", key=f"shopper-{number}")
    eventually(lambda: site.seen() == ["before"] + ["after"] * 10)


def test_a_restart_of_the_endpoint_is_survived(site: Site, aws: AwsEndpoint) -> None:
    site.stream.put(b"before")
    worker = site.start()
    eventually(lambda: (status := site.status()) is not None and status.records == 1)
    aws.stop()
    eventually(lambda: "shard_not_read" in worker.log.read_text())
    aws.start()
    site.stream.put(b"after")
    eventually(lambda: site.seen() == ["before", "after"])
