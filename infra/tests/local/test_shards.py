from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_kit.clock import utc_now
from infra.local.shards import AWS_ERRORS, ShardReader, Stream
from infra.local.stream_testing import ExpiredIteratorError, ResourceNotFoundError, StreamInMemory
from infra.local.worker_testing import NOON, ManualClock, StreamOnEndpoint

FIRST = "shardId-000000000000"
RETENTION = timedelta(hours=24)
STREAM = Stream("clicks", "arn:aws:kinesis:us-east-1:0:stream/clicks", RETENTION)


@dataclass
class SlippingKinesis:
    """An endpoint as ours: iterators are positions, and expired records leave the list's head."""

    clock: ManualClock
    records: list[dict[str, Any]] = field(default_factory=list)
    iterators: dict[str, int] = field(default_factory=dict)
    put_count: int = 0
    opened: int = 0

    class exceptions:  # noqa: N801 - boto3's own name
        """The client's own error classes."""

        ExpiredIteratorException = ExpiredIteratorError
        ResourceNotFoundException = ResourceNotFoundError

    def put(self, count: int) -> None:
        for _ in range(count):
            self.put_count += 1
            self.records.append(
                {
                    "SequenceNumber": f"{self.put_count:09d}",
                    "PartitionKey": "key",
                    "Data": b"x",
                    "ApproximateArrivalTimestamp": self.clock(),
                }
            )

    def numbers(self) -> list[str]:
        self._expire()
        return [record["SequenceNumber"] for record in self.records]

    def get_shard_iterator(self, **request: str) -> dict[str, str]:
        numbers, start = self.numbers(), request.get("StartingSequenceNumber", "")
        position = 0
        if request["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER":
            position = sum(number <= start for number in numbers)
        elif request["ShardIteratorType"] == "AT_SEQUENCE_NUMBER":
            position = sum(number < start for number in numbers)
        return {"ShardIterator": self._iterator(position)}

    def get_records(self, **request: Any) -> dict[str, Any]:
        self._expire()
        if request["ShardIterator"] not in self.iterators:
            raise ExpiredIteratorError
        position = min(self.iterators[request["ShardIterator"]], len(self.records))
        found = self.records[position : position + request["Limit"]]
        return {"Records": found, "NextShardIterator": self._iterator(position + len(found))}

    def _iterator(self, position: int) -> str:
        self.opened += 1
        self.iterators[str(self.opened)] = position
        return str(self.opened)

    def _expire(self) -> None:
        oldest: datetime = self.clock() - RETENTION
        self.records = [r for r in self.records if r["ApproximateArrivalTimestamp"] >= oldest]


def reader_of(kinesis: SlippingKinesis, *, after: str | None = None) -> ShardReader:
    return ShardReader(cast(Any, kinesis), STREAM, "shard-0", after=after, clock=kinesis.clock)


def read_numbers(reader: ShardReader, limit: int = 100) -> list[str]:
    return [record.sequence_number for record in reader.read(limit)]


def test_records_that_expire_meanwhile_do_not_make_the_reader_skip_new_ones(
    clock: ManualClock,
) -> None:
    kinesis = SlippingKinesis(clock)
    reader = reader_of(kinesis)
    kinesis.put(300)
    assert len(read_numbers(reader, 1000)) == 300
    clock.advance(hours=24, seconds=1)
    kinesis.put(300)
    assert len(read_numbers(reader, 1000)) == 300


def test_an_expired_iterator_is_opened_anew(clock: ManualClock) -> None:
    kinesis = SlippingKinesis(clock)
    reader = reader_of(kinesis)
    kinesis.put(1)
    assert read_numbers(reader) == ["000000001"]
    kinesis.iterators.clear()
    kinesis.put(1)
    assert read_numbers(reader) == ["000000002"]


def test_while_nothing_can_expire_one_call_is_made_for_each_read(clock: ManualClock) -> None:
    kinesis = SlippingKinesis(clock)
    reader = reader_of(kinesis)
    kinesis.put(1)
    read_numbers(reader)
    opened = kinesis.opened
    for _ in range(10):
        read_numbers(reader)
    assert kinesis.opened == opened + 10


@pytest.mark.parametrize("hours", [0, 24], ids=["nothing can expire", "all is about to"])
def test_a_shard_has_ended_when_it_is_closed_and_all_of_it_was_read(
    clock: ManualClock, hours: int
) -> None:
    clock.advance(hours=hours)
    stream = StreamInMemory()
    reader = ShardReader(cast(Any, stream), STREAM, FIRST, after=None, clock=clock)
    for line in (b"1", b"2", b"3"):
        stream.put("shopper", line)
    assert len(reader.read(1)) == 1
    stream.split(0)
    stream.put("shopper", b"the child's")
    before = reader.has_ended
    assert [record.data for record in reader.read(10)] == [b"2", b"3"]
    assert (before, reader.has_ended) == (False, True)
    assert reader.read(10) == []


def test_a_shard_that_expired_meanwhile_has_ended(clock: ManualClock) -> None:
    stream = StreamInMemory()
    stream.put("shopper", b"1")
    reader = ShardReader(cast(Any, stream), STREAM, FIRST, after=None, clock=clock)
    stream.split(0)
    stream.expire(FIRST)
    assert reader.read(10) == []
    assert reader.has_ended


def test_a_stream_that_is_not_there_is_no_end_of_a_shard(clock: ManualClock) -> None:
    class NoStream(StreamInMemory):
        def get_shard_iterator(self, **_: str) -> dict[str, str]:
            raise ResourceNotFoundError

    reader = ShardReader(cast(Any, NoStream()), STREAM, FIRST, after=None, clock=clock)
    with pytest.raises(ResourceNotFoundError):
        reader.read(10)
    assert not reader.has_ended


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 5)),
        st.tuples(st.just("read"), st.integers(1, 4)),
        st.tuples(st.just("wait"), st.sampled_from([1, 90, 3_600, 86_300, 86_399, 86_401])),
    ),
    max_size=30,
)


@given(STEPS)
def test_every_record_is_read_once_in_order_unless_it_expired_first(
    steps: list[tuple[str, int]],
) -> None:
    clock = ManualClock(NOON)
    kinesis = SlippingKinesis(clock)
    reader = reader_of(kinesis)
    position = ""
    for step, amount in steps:
        if step == "put":
            kinesis.put(amount)
        elif step == "wait":
            clock.advance(seconds=amount)
        else:
            expected = [number for number in kinesis.numbers() if number > position][:amount]
            assert read_numbers(reader, amount) == expected
            position = expected[-1] if expected else position


@pytest.mark.servers
def test_the_endpoints_records_are_read_in_order_from_the_oldest(stream: StreamOnEndpoint) -> None:
    stream.put(b"1", b"2", b"3")
    description = stream.describe()
    [shard_id] = stream.shard_ids()
    reader = ShardReader(stream.kinesis, description, shard_id, after=None, clock=lambda: NOON)
    assert [record.data for record in reader.read(2)] == [b"1", b"2"]
    assert [record.data for record in reader.read(2)] == [b"3"]
    assert reader.read(2) == []


@pytest.mark.servers
def test_reading_goes_on_after_a_checkpoint(stream: StreamOnEndpoint) -> None:
    stream.put(b"1", b"2", b"3")
    description = stream.describe()
    [shard_id] = stream.shard_ids()
    first = ShardReader(stream.kinesis, description, shard_id, after=None, clock=lambda: NOON)
    [done] = first.read(1)
    second = ShardReader(
        stream.kinesis, description, shard_id, after=done.sequence_number, clock=lambda: NOON
    )
    assert [record.data for record in second.read(9)] == [b"2", b"3"]


@pytest.mark.servers
def test_an_answer_that_was_cut_off_is_read_again(stream: StreamOnEndpoint) -> None:
    reader = ShardReader(
        stream.kinesis, stream.describe(), "shardId-000000000000", after=None, clock=utc_now
    )
    stream.put(b"first")
    assert [record.data for record in reader.read(10)] == [b"first"]
    stream.put(b"second")

    # What botocore makes of an answer whose body never came.
    events = stream.kinesis.meta.events
    events.register("after-call.kinesis.GetRecords", cut_off)
    with pytest.raises(AWS_ERRORS):
        reader.read(10)
    events.unregister("after-call.kinesis.GetRecords", cut_off)

    assert [record.data for record in reader.read(10)] == [b"second"]


def cut_off(parsed: dict[str, Any], **_: object) -> None:
    parsed.clear()
