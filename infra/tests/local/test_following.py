"""A stream that splits and merges is read once and in order, whenever its reader ends."""

import base64
import gzip
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.checkpoints import CheckpointFile
from infra.local.delivery.shard import ShardDelivery, ShardSource
from infra.local.event_source.function import Answer
from infra.local.event_source.mapping import Ports, ShardMapping
from infra.local.event_source.records import Source
from infra.local.following import Followed, Follower, ShardWork
from infra.local.lineage import Shard, list_shards
from infra.local.shards import ShardReader, Stream
from infra.local.stream_testing import StreamInMemory
from infra.local.worker_settings import DeliverySettings, EventSourceSettings
from infra.local.worker_testing import NOON, eventually
from infra.local.workers import Backoff

ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
FIRST = "shardId-000000000000"
OLD, LEFT, RIGHT = Shard("old"), Shard("left", ("old",)), Shard("right", ("old",))
BOTH = Shard("both", ("left", "right"))
QUICK = {"retry_first_seconds": 0.001, "retry_longest_seconds": 0.001}


class PowerCutError(Exception):
    """Ends the worker where a test wants it to end."""


@dataclass
class End:
    """How a reader ends: after so many deliveries, with a stop or a crash."""

    deliveries: int
    is_crash: bool
    stop: Event = field(default_factory=Event)

    def delivered(self) -> None:
        self.deliveries -= 1
        if self.deliveries == 0 and self.is_crash:
            raise PowerCutError
        if self.deliveries <= 0:
            self.stop.set()


class Reading:
    """A stream in memory, and a reader that ends and is started again behind its checkpoints."""

    def __init__(self, folder: Path) -> None:
        self.stream = StreamInMemory()
        self.folder = folder
        self.put: Counter[str] = Counter()

    def change(self, what: str, number: int) -> None:
        if what == "split":
            self.stream.split(number)
        elif what == "merge":
            self.stream.merge(number)
        else:
            key = f"shopper-{number}"
            self.put[key] += 1
            self.stream.put(key, f"{key} {self.put[key]}".encode())

    def run(self, end: End) -> None:
        """Read on until the end comes, or all is read."""

        def begin(shard_id: str) -> ShardWork:
            checkpoint = CheckpointFile(self.folder, shard_id)
            reader = ShardReader(
                cast(Any, self.stream),
                Stream("clicks", ARN, timedelta(days=1)),
                shard_id,
                after=checkpoint.load().sequence_number,
                clock=lambda: NOON,
            )
            return self.work(shard_id, reader, checkpoint, end)

        followed = Followed(
            lambda: list_shards(cast(Any, self.stream), "clicks"), begin, self.folder
        )
        follower = Follower(
            followed, end.stop, Backoff(end.stop, first_seconds=0.001, longest_seconds=0.001)
        )

        def follow() -> None:
            with suppress(PowerCutError):
                follower.run()

        thread = Thread(target=follow)
        thread.start()
        try:
            eventually(lambda: end.stop.is_set() or self.is_drained(), seconds=10)
        finally:
            end.stop.set()
            thread.join()

    def is_drained(self) -> bool:
        for shard in self.stream.shards.values():
            done = CheckpointFile(self.folder, shard.shard_id).load()
            last = shard.records[-1]["SequenceNumber"] if shard.records else None
            if done.is_finished == shard.is_open or done.sequence_number != last:
                return False
        return True

    def work(
        self, shard_id: str, reader: ShardReader, checkpoint: CheckpointFile, end: End
    ) -> ShardWork:
        raise NotImplementedError

    def seen(self) -> list[str]:
        raise NotImplementedError

    def of_each_shopper(self) -> dict[str, list[int]]:
        """Return the numbers of each shopper's records in the order in which they came first."""
        numbers: dict[str, list[int]] = {}
        for line in dict.fromkeys(self.seen()):
            key, number = line.split()
            numbers.setdefault(key, []).append(int(number))
        return numbers

    def expected(self) -> dict[str, list[int]]:
        return {key: list(range(1, count + 1)) for key, count in self.put.items()}


class EventSource(Reading):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.delivered: list[str] = []

    def work(
        self, shard_id: str, reader: ShardReader, checkpoint: CheckpointFile, end: End
    ) -> ShardWork:
        def function(event: dict[str, Any]) -> Answer:
            data = [base64.b64decode(record["kinesis"]["data"]) for record in event["Records"]]
            self.delivered += [line.decode() for line in data]
            end.delivered()
            return Answer(None)

        told = EventSourceSettings(
            stream="clicks",
            function="on-interactions",
            failure_queue_url="",
            state_folder=self.folder,
            batch_size=2,
            maximum_record_age_seconds=-1,
            idle_poll_seconds=0.001,
        )
        ports = Ports(function, cast(Any, None), lambda: NOON, lambda: "request")
        source = Source(ARN, shard_id, "", "")
        return ShardMapping(told, source, reader, checkpoint, ports, end.stop)

    def seen(self) -> list[str]:
        return self.delivered


class Delivery(Reading):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.objects: dict[str, list[str]] = {}

    def work(
        self, shard_id: str, reader: ShardReader, checkpoint: CheckpointFile, end: End
    ) -> ShardWork:
        class Bucket:
            def put_object(bucket, *, Key: str, Body: bytes, **_: str) -> None:  # noqa: N803, N805
                self.objects[Key] = gzip.decompress(Body).decode().splitlines()
                end.delivered()

        told = DeliverySettings(
            stream="clicks",
            bucket="landing",
            state_folder=self.folder,
            buffer_bytes=20,
            read_limit=2,
            poll_seconds=0.001,
            buffer_seconds=1e-6,
        )
        source = ShardSource(ARN, shard_id, reader, checkpoint)
        bucket = cast(Any, Bucket())
        return ShardDelivery(told, source, bucket, end.stop, flushes_requested=lambda: 0)

    def seen(self) -> list[str]:
        return [line for lines in self.objects.values() for line in lines]


CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "put", "put", "split", "merge"]), st.integers(0, 5)),
    max_size=20,
)
ENDS = st.tuples(st.integers(1, 6), st.booleans())


def read_through(
    reading: Reading, lives: list[tuple[list[tuple[str, int]], tuple[int, bool]]]
) -> None:
    for changes, end in lives:
        for what, number in changes:
            reading.change(what, number)
        reading.run(End(*end))
    reading.run(End(10**6, is_crash=False))
    assert reading.of_each_shopper() == reading.expected()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CHANGES, ENDS), min_size=1, max_size=3))
def test_the_function_gets_each_shoppers_records_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    lives: list[tuple[list[tuple[str, int]], tuple[int, bool]]],
) -> None:
    reading = EventSource(tmp_path_factory.mktemp("checkpoints"))
    read_through(reading, lives)
    if not any(is_crash for _, (_, is_crash) in lives):
        assert len(reading.seen()) == sum(reading.put.values())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CHANGES, ENDS), min_size=1, max_size=3))
def test_the_landing_zone_gets_every_record_once(
    tmp_path_factory: pytest.TempPathFactory,
    lives: list[tuple[list[tuple[str, int]], tuple[int, bool]]],
) -> None:
    reading = Delivery(tmp_path_factory.mktemp("checkpoints"))
    read_through(reading, lives)
    assert len(reading.seen()) == sum(reading.put.values())
