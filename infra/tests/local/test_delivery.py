"""One shard: which records make one object, when it is written, and what a crash leaves."""

import gzip
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.checkpoints import Checkpoint, CheckpointFile
from infra.local.delivery.objects import Batch
from infra.local.delivery.shard import ShardDelivery, ShardSource
from infra.local.shards import Record
from infra.local.worker_settings import DeliverySettings
from infra.local.worker_testing import NOON, ManualClock, ScriptedShard

ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/clickstream"
SHARD = "shardId-000000000000"


class PowerCutError(Exception):
    """Ends the worker where a test wants it to end."""


@dataclass
class Bucket:
    """A bucket in memory, which can be away for the first `refusals` objects."""

    refusals: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    puts: int = 0

    def put_object(self, *, Key: str, Body: bytes, **_: str) -> None:  # noqa: N803 - boto3's names
        if self.refusals:
            self.refusals -= 1
            raise EndpointConnectionError(endpoint_url="http://s3")
        self.puts += 1
        self.objects[Key] = Body

    def lines(self) -> list[bytes]:
        return [
            line for body in self.objects.values() for line in gzip.decompress(body).splitlines()
        ]


class Bench:
    """A delivery over a shard and a bucket in memory."""

    def __init__(self, folder: Path, shard: ScriptedShard, clock: ManualClock) -> None:
        self.shard = shard
        self.clock = clock
        self.bucket = Bucket()
        self.stop = Event()
        self.flushes_requested = 0
        self.checkpoint = CheckpointFile(folder, SHARD)

    def delivery(self, **settings: Any) -> ShardDelivery:
        return ShardDelivery(
            DeliverySettings(
                stream="clickstream",
                bucket="landing",
                state_folder=Path("unused"),
                **{
                    "poll_seconds": 0.001,
                    "retry_first_seconds": 0.001,
                    "retry_longest_seconds": 0.001,
                    **settings,
                },
            ),
            ShardSource(ARN, SHARD, self.shard, self.checkpoint),
            cast(Any, self.bucket),
            self.stop,
            flushes_requested=lambda: self.flushes_requested,
            timer=self.clock.timer,
        )


@pytest.fixture
def bench(tmp_path: Path, shard: ScriptedShard, clock: ManualClock) -> Bench:
    return Bench(tmp_path, shard, clock)


class StopAfter(ScriptedShard):
    """A shard that lets time pass at each read and stops the worker after some of them."""

    def __init__(self, bench: Bench, *, reads: int, seconds_each: float = 0) -> None:
        super().__init__()
        self.bench = bench
        self.reads = reads
        self.seconds_each = seconds_each

    def read(self, limit: int) -> list[Record]:
        self.reads -= 1
        self.bench.clock.advance(seconds=self.seconds_each)
        if self.reads <= 0:
            self.bench.stop.set()
        return super().read(limit)


def batch_of(*lines: bytes) -> Batch:
    return Batch(ARN, SHARD, ScriptedShard().put(*lines))


class TestObject:
    def test_it_lies_in_the_folder_of_its_first_records_hour(self) -> None:
        key = batch_of(b"1", b"2").key()
        prefix = "events/dt=2026-01-01/hour=12/clickstream-2026-01-01-12-00-00-"
        assert key.startswith(prefix)
        assert key.endswith(".gz")
        assert len(key) == len(prefix) + 36 + len(".gz")

    def test_the_same_records_give_the_same_object(self) -> None:
        assert batch_of(b"1", b"2").key() == batch_of(b"1", b"2").key()
        assert batch_of(b"1", b"2").content() == batch_of(b"1", b"2").content()

    def test_other_records_give_another_object(self) -> None:
        assert batch_of(b"1", b"2").key() != batch_of(b"1").key()

    def test_the_same_numbers_of_another_shard_give_another_object(self) -> None:
        other = Batch(ARN, "shardId-000000000001", ScriptedShard().put(b"1"))
        assert other.key() != batch_of(b"1").key()

    @pytest.mark.parametrize(
        ("record", "line"),
        [
            (b'{"a": 1}', b'{"a": 1}\n'),
            (b'{"a": 1}\n', b'{"a": 1}\n'),
            (b'{"a": 1}\n\n', b'{"a": 1}\n'),
            (b"{broken", b"{broken\n"),
            (b"\xff\x00 no text", b"\xff\x00 no text\n"),
            (b" spaces stay ", b" spaces stay \n"),
            (b"", b"\n"),
        ],
    )
    def test_a_record_comes_as_it_is_with_one_newline(self, record: bytes, line: bytes) -> None:
        assert gzip.decompress(batch_of(record).content()) == line


class TestBuffer:
    def test_nothing_is_written_before_the_buffer_is_full_or_old(self, bench: Bench) -> None:
        bench.shard = StopAfter(bench, reads=5, seconds_each=50)
        bench.bucket.refusals = 1000
        bench.shard.put(b"1")
        bench.delivery(buffer_seconds=300, final_attempts=1).run()
        assert bench.bucket.refusals == 999, "only the stop tried to write"

    def test_an_object_is_written_when_its_first_record_is_old_enough(self, bench: Bench) -> None:
        bench.shard = StopAfter(bench, reads=5, seconds_each=100)
        bench.shard.put(b"1", b"2")
        delivery = bench.delivery(buffer_seconds=300)
        delivery.run()
        assert bench.bucket.puts == 1
        assert delivery.progress.last_sequence_number == "2"

    def test_a_clock_that_is_set_back_does_not_put_the_time_limit_off(self, bench: Bench) -> None:
        class SetBack(StopAfter):
            def read(self, limit: int) -> list[Record]:
                bench.clock.set(timedelta(hours=-1))
                if self.reads == 1:
                    self.put(b"at the stop")
                return super().read(limit)

        bench.shard = SetBack(bench, reads=5, seconds_each=100)
        bench.shard.put(b"1")
        bench.delivery(buffer_seconds=300).run()
        assert bench.bucket.puts == 2

    def test_a_steady_stream_does_not_put_the_time_limit_off(self, bench: Bench) -> None:
        class Steady(StopAfter):
            def read(self, limit: int) -> list[Record]:
                self.put(b"more")
                return super().read(limit)

        bench.shard = Steady(bench, reads=7, seconds_each=100)
        bench.delivery(buffer_seconds=300).run()
        assert bench.bucket.puts == 2

    def test_an_object_is_written_as_soon_as_it_is_large_enough(self, bench: Bench) -> None:
        bench.shard = StopAfter(bench, reads=2)
        bench.shard.put(*[b"12345"] * 7)
        bench.delivery(buffer_bytes=15).run()
        assert [gzip.decompress(body).count(b"\n") for body in bench.bucket.objects.values()] == [
            3,
            3,
            1,
        ]

    def test_an_object_holds_records_of_one_hour_only(self, bench: Bench) -> None:
        bench.shard = StopAfter(bench, reads=2)
        bench.shard.put(b"early", arrived_at=NOON - timedelta(seconds=1))
        bench.shard.put(b"late", arrived_at=NOON)
        bench.delivery().run()
        folders = {key.rpartition("/")[0] for key in bench.bucket.objects}
        assert folders == {"events/dt=2026-01-01/hour=11", "events/dt=2026-01-01/hour=12"}

    def test_a_request_has_all_written_that_was_on_the_stream(self, bench: Bench) -> None:
        bench.shard = StopAfter(bench, reads=3)
        bench.shard.put(b"1", b"2", b"3")
        bench.flushes_requested = 1
        delivery = bench.delivery(read_limit=2)
        delivery.run()
        assert bench.bucket.puts == 1
        assert delivery.progress.flushes_done == 1

    def test_a_request_with_nothing_to_write_is_done_too(self, bench: Bench) -> None:
        bench.shard = StopAfter(bench, reads=1)
        bench.flushes_requested = 1
        delivery = bench.delivery()
        delivery.run()
        assert delivery.progress.flushes_done == 1
        assert bench.bucket.puts == 0


class TestFaults:
    def test_an_object_is_tried_until_it_is_written(self, bench: Bench) -> None:
        bench.shard = StopAfter(bench, reads=2, seconds_each=1)
        bench.shard.put(b"1")
        bench.bucket.refusals = 20
        bench.flushes_requested = 1
        bench.delivery().run()
        assert bench.bucket.lines() == [b"1"]

    def test_what_cannot_be_written_at_a_stop_is_not_checkpointed(self, bench: Bench) -> None:
        bench.shard = StopAfter(bench, reads=1)
        bench.shard.put(b"1")
        bench.bucket.refusals = 1000
        bench.delivery().run()
        assert bench.checkpoint.load().sequence_number is None

    def test_a_stop_writes_what_is_buffered(self, bench: Bench) -> None:
        bench.shard = StopAfter(bench, reads=1)
        bench.shard.put(b"1")
        bench.delivery().run()
        assert bench.bucket.lines() == [b"1"]
        assert bench.checkpoint.load() == Checkpoint(sequence_number="1")

    def test_reading_goes_on_after_the_endpoint_was_away(self, bench: Bench) -> None:
        outages = iter([True, True])

        class Away(StopAfter):
            def read(self, limit: int) -> list[Record]:
                if next(outages, False):
                    raise EndpointConnectionError(endpoint_url="http://aws")
                return super().read(limit)

        bench.shard = Away(bench, reads=1)
        bench.shard.put(b"1")
        bench.delivery().run()
        assert bench.bucket.lines() == [b"1"]

    def test_a_closed_shard_is_written_at_once_and_finished(self, bench: Bench) -> None:
        bench.shard.put(b"1", b"2")
        bench.shard.is_closed = True
        bench.delivery().run()
        assert bench.bucket.lines() == [b"1", b"2"]
        assert bench.checkpoint.load() == Checkpoint(sequence_number="2", is_finished=True)

    def test_a_closed_shard_is_not_finished_while_a_record_of_it_is_not_written(
        self, bench: Bench
    ) -> None:
        bench.shard = StopAfter(bench, reads=1)
        bench.shard.put(b"1", b"2")
        bench.shard.is_closed = True
        bench.bucket.refusals = 1
        bench.delivery(buffer_bytes=1).run()
        assert bench.bucket.lines() == [b"1"]
        assert bench.checkpoint.load() == Checkpoint(sequence_number="1")

    @settings(max_examples=40)  # each example writes checkpoints to the disk
    @given(
        sizes=st.lists(st.integers(1, 9), min_size=8, max_size=16),
        cuts=st.lists(st.integers(1, 7), min_size=1, max_size=4),
        lives=st.integers(0, 1),
        is_after_put=st.booleans(),
    )
    def test_a_crash_around_the_write_loses_nothing_and_doubles_nothing(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        sizes: list[int],
        cuts: list[int],
        lives: int,
        is_after_put: bool,
    ) -> None:
        lines = [f"{at:03d}".encode() * size for at, size in enumerate(sizes)]
        records = ScriptedShard().put(*lines)
        folder = tmp_path_factory.mktemp("bench")
        bucket = DyingBucket(is_after_put=is_after_put)
        # Each worker sees a little more of the stream than the one that died before it.
        for seen in [*sorted(cuts), len(records)]:
            bench = Bench(folder, ScriptedShard(), ManualClock())
            bench.bucket = bucket
            bucket.lives = lives if seen < len(records) else 1000
            bench.shard = StopAfter(bench, reads=2)
            done = int(bench.checkpoint.load().sequence_number or 0)
            bench.shard.waiting = [r for r in records[:seen] if int(r.sequence_number) > done]
            with suppress(PowerCutError):
                bench.delivery(buffer_bytes=20).run()
        assert sorted(bucket.lines()) == lines


@dataclass
class DyingBucket(Bucket):
    """A bucket whose writer dies at the end of its lives, just before or just after the object."""

    lives: int = 1
    is_after_put: bool = True

    def put_object(self, *, Key: str, Body: bytes, **_: str) -> None:  # noqa: N803 - boto3's names
        self.lives -= 1
        if self.lives < 0 and not self.is_after_put:
            raise PowerCutError
        super().put_object(Key=Key, Body=Body)
        if self.lives < 0:
            raise PowerCutError
