"""Reading a shard from a sequence number on, without skipping a record.

The endpoint's iterators are positions in a list, so they slip when expired records leave the head
of the list: an iterator that is used while that happens skips as many new records as have expired.
The reader therefore keeps an iterator only as long as no record can expire, which it knows from the
arrival of the oldest one. After that it opens a new iterator for each read, at the last record it
has seen, and checks that this record comes first.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from fashion_kit.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.literals import ShardIteratorTypeType
    from mypy_boto3_kinesis.type_defs import GetShardIteratorInputTypeDef

AWS_ERRORS = (BotoCoreError, ClientError)
"""What a call may raise while the endpoint is away, restarting or throttling."""


class CutAnswerError(BotoCoreError):
    """Raised when a connection broke off in an answer and what came of it was taken for all."""

    fmt = "The answer to {operation} is not whole."


# The endpoint's clock and ours may differ a little.
_MARGIN = timedelta(minutes=1)
_LOOK_EVERY = timedelta(minutes=1)
_PATIENCE = 3
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Record:
    """One record of a shard."""

    sequence_number: str
    partition_key: str
    data: bytes
    arrived_at: datetime


@dataclass(frozen=True)
class Stream:
    """What a reader has to know of a stream."""

    name: str
    arn: str
    retention: timedelta
    shard_ids: tuple[str, ...]

    @classmethod
    def describe(cls, kinesis: "KinesisClient", name: str) -> "Stream":
        """Ask AWS about the stream and its shards."""
        summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        pages = kinesis.get_paginator("list_shards").paginate(StreamName=name)
        shards = [shard["ShardId"] for page in pages for shard in page["Shards"]]
        return cls(
            name,
            summary["StreamARN"],
            timedelta(hours=summary["RetentionPeriodHours"]),
            tuple(sorted(shards)),
        )


class RecordSource(Protocol):
    """Whatever hands out a shard's records in order."""

    def read(self, limit: int) -> list[Record]:
        """Return the next records, at most `limit`; none if nothing new has come."""
        ...


class ShardReader:
    """Reads one shard in order, starting after a sequence number or at the oldest record."""

    def __init__(
        self,
        kinesis: "KinesisClient",
        stream: Stream,
        shard_id: str,
        *,
        after: str | None,
        clock: Clock,
    ) -> None:
        self.position = after
        self._kinesis = kinesis
        self._stream = stream
        self._shard_id = shard_id
        self._clock = clock
        self._iterator: str | None = None
        self._looked_at = _NEVER
        self._safe_until = _NEVER

    def read(self, limit: int) -> list[Record]:
        """Return the next records, at most `limit`; none if nothing new has come."""
        try:
            records = self._read_on(limit) if self._is_safe() else self._read_checked(limit)
        except AWS_ERRORS:
            self._iterator = None
            raise
        if records:
            self.position = records[-1].sequence_number
        return records

    def _is_safe(self) -> bool:
        """Say whether an iterator can be kept: no record expires before the next look."""
        now = self._clock()
        if now >= self._safe_until and now - self._looked_at >= _LOOK_EVERY:
            oldest, _ = self._get(self._open("TRIM_HORIZON"), 1)
            arrived_at = oldest[0].arrived_at if oldest else now
            self._safe_until = arrived_at + self._stream.retention - _MARGIN
            self._looked_at = now
            # Whatever was kept from before may have slipped meanwhile.
            self._iterator = None
        return now < self._safe_until

    def _read_on(self, limit: int) -> list[Record]:
        if self._iterator is None:
            self._iterator = self._open_after_position()
        try:
            records, self._iterator = self._get(self._iterator, limit)
        except self._kinesis.exceptions.ExpiredIteratorException:
            records, self._iterator = self._get(self._open_after_position(), limit)
        return records

    def _read_checked(self, limit: int) -> list[Record]:
        self._iterator = None
        if self.position is None:
            return self._get(self._open("TRIM_HORIZON"), limit)[0]
        for _ in range(_PATIENCE):
            here, _next = self._get(self._open("AT_SEQUENCE_NUMBER", self.position), limit + 1)
            if here and here[0].sequence_number == self.position:
                return here[1:]
            # Either our record has expired, and all that is left is new, or the list has slipped
            # between the two calls, and we look again.
            oldest, _next = self._get(self._open("TRIM_HORIZON"), limit)
            if not oldest or int(oldest[0].sequence_number) > int(self.position):
                return oldest
        return []

    def _open_after_position(self) -> str:
        if self.position is None:
            return self._open("TRIM_HORIZON")
        return self._open("AFTER_SEQUENCE_NUMBER", self.position)

    def _open(
        self, iterator_type: "ShardIteratorTypeType", sequence_number: str | None = None
    ) -> str:
        where: GetShardIteratorInputTypeDef = {
            "StreamName": self._stream.name,
            "ShardId": self._shard_id,
            "ShardIteratorType": iterator_type,
        }
        if sequence_number is not None:
            where["StartingSequenceNumber"] = sequence_number
        return self._kinesis.get_shard_iterator(**where)["ShardIterator"]

    def _get(self, iterator: str, limit: int) -> tuple[list[Record], str | None]:
        answer = self._kinesis.get_records(ShardIterator=iterator, Limit=limit)
        if "Records" not in answer:
            raise CutAnswerError(operation="GetRecords")
        records = [
            Record(
                record["SequenceNumber"],
                record["PartitionKey"],
                record["Data"],
                record["ApproximateArrivalTimestamp"].astimezone(UTC),
            )
            for record in answer["Records"]
        ]
        return records, answer.get("NextShardIterator")
