"""One mapping of a shard to a function over scripted ports, for its tests."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from botocore.exceptions import EndpointConnectionError

from infra.local.checkpoints import CheckpointFile
from infra.local.event_source.function import Answer
from infra.local.event_source.mapping import Ports, ShardMapping
from infra.local.event_source.records import Source
from infra.local.shards import Record
from infra.local.worker_settings import EventSourceSettings
from infra.local.worker_testing import ManualClock, ScriptedShard

SOURCE = Source(
    stream_arn="arn:aws:kinesis:us-east-1:000000000000:stream/clickstream",
    shard_id="shardId-000000000000",
    function_arn="arn:aws:lambda:us-east-1:000000000000:function:on-interactions",
    role_arn="arn:aws:iam::000000000000:role/on-interactions",
)
POISON = b"poison"
OK = Answer({"batchItemFailures": []})
CRASH = Answer({"errorMessage": "boom"}, "Unhandled")

Script = Callable[[list[bytes], list[str]], Answer]


@dataclass
class ScriptedFunction:
    """A function that notes what it gets and answers by a script of lines and their numbers."""

    script: Script = lambda lines, numbers: OK
    deliveries: list[list[bytes]] = field(default_factory=list)

    def __call__(self, event: dict[str, Any]) -> Answer:
        records = [record["kinesis"] for record in event["Records"]]
        lines = [base64.b64decode(record["data"]) for record in records]
        self.deliveries.append(lines)
        return self.script(lines, [record["sequenceNumber"] for record in records])

    def times_delivered(self, line: bytes) -> int:
        return sum(line in delivery for delivery in self.deliveries)


@dataclass
class KeptFailures:
    """A failure queue in memory that is away for the first `refusals` messages."""

    refusals: int = 0
    messages: list[Any] = field(default_factory=list)

    def send(self, failure: Any) -> None:
        if self.refusals:
            self.refusals -= 1
            raise EndpointConnectionError(endpoint_url="http://queue")
        self.messages.append(failure)

    def sizes(self) -> list[int]:
        return [message["KinesisBatchInfo"]["batchSize"] for message in self.messages]


class Bench:
    """One mapping over scripted ports."""

    def __init__(self, folder: Path, shard: ScriptedShard, clock: ManualClock) -> None:
        self.folder = folder
        self.shard = shard
        self.clock = clock
        self.function = ScriptedFunction()
        self.failures = KeptFailures()
        self.stop = Event()

    def mapping(self, **settings: Any) -> ShardMapping:
        quick = {"retry_first_seconds": 0.001, "retry_longest_seconds": 0.001}
        return ShardMapping(
            EventSourceSettings(
                stream="clickstream",
                function="on-interactions",
                failure_queue_url="",
                state_folder=self.folder,
                **{"idle_poll_seconds": 0.001, **quick, **settings},
            ),
            SOURCE,
            self.shard,
            CheckpointFile(self.folder, SOURCE.shard_id),
            Ports(self.function, self.failures, self.clock, lambda: "request-1", self.clock.timer),
            self.stop,
        )

    def deliver(self, records: Sequence[Record], **settings: Any) -> None:
        self.mapping(**settings).deliver(records)

    @property
    def checkpoint(self) -> str | None:
        return CheckpointFile(self.folder, SOURCE.shard_id).load().sequence_number


def lines(count: int) -> list[bytes]:
    return [f"line-{number}".encode() for number in range(count)]


def crash_on_poison(batch: list[bytes], _: list[str]) -> Answer:
    return CRASH if POISON in batch else OK


def report_poison(batch: list[bytes], numbers: list[str]) -> Answer:
    failed = [number for line, number in zip(batch, numbers, strict=True) if line == POISON]
    return Answer({"batchItemFailures": [{"itemIdentifier": number} for number in failed]})
