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
from infra.local.lineage import list_shards

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.literals import ShardIteratorTypeType
    from mypy_boto3_kinesis.type_defs import GetShardIteratorInputTypeDef

AWS_ERRORS = (BotoCoreError, ClientError)
"""What a call may raise while the endpoint is away, restarting or throttling."""


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

    @classmethod
    def describe(cls, kinesis: "KinesisClient", name: str) -> "Stream":
        """Ask AWS about the stream."""
        summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        retention = timedelta(hours=summary["RetentionPeriodHours"])
        return cls(name, summary["StreamARN"], retention)


@dataclass(frozen=True)
class _Page:
    """Records that lie behind one another, and the iterator behind them: None at a shard's end."""

    records: list[Record]
    iterator: str | None

    @property
    def is_last(self) -> bool:
        """Say whether the shard has ended and nothing lies behind these records."""
        return self.iterator is None


class RecordSource(Protocol):
    """Whatever hands out a shard's records in order."""

    @property
    def has_ended(self) -> bool:
        """Say whether the shard takes no more records and all that it has were read."""
        ...

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
        self.has_ended = False
        """Whether the shard takes no more records and all that it has were read."""
        self._kinesis = kinesis
        self._stream = stream
        self._shard_id = shard_id
        self._clock = clock
        self._iterator: str | None = None
        self._looked_at = _NEVER
        self._safe_until = _NEVER

    def read(self, limit: int) -> list[Record]:
        """Return the next records, at most `limit`; none if nothing new has come."""
        if self.has_ended:
            return []
        try:
            records, self.has_ended = self._read_next(limit)
        except AWS_ERRORS as error:
            self._iterator = None
            if not self._is_gone(error):
                raise
            records, self.has_ended = [], True
        if records:
            self.position = records[-1].sequence_number
        return records

    def _read_next(self, limit: int) -> tuple[list[Record], bool]:
        """Return the next records, and whether the shard ends behind them."""
        if not self._is_safe():
            return self._read_checked(limit)
        page = self._read_on(limit)
        self._iterator = page.iterator
        return page.records, page.is_last

    def _is_gone(self, error: Exception) -> bool:
        """Say whether the shard has expired: the stream is there, and does not know it any more."""
        return isinstance(error, self._kinesis.exceptions.ResourceNotFoundException) and all(
            shard.shard_id != self._shard_id
            for shard in list_shards(self._kinesis, self._stream.name)
        )

    def _is_safe(self) -> bool:
        """Say whether an iterator can be kept: no record expires before the next look."""
        now = self._clock()
        if now >= self._safe_until and now - self._looked_at >= _LOOK_EVERY:
            oldest = self._get(self._open("TRIM_HORIZON"), 1).records
            arrived_at = oldest[0].arrived_at if oldest else now
            self._safe_until = arrived_at + self._stream.retention - _MARGIN
            self._looked_at = now
            # Whatever was kept from before may have slipped meanwhile.
            self._iterator = None
        return now < self._safe_until

    def _read_on(self, limit: int) -> _Page:
        try:
            return self._get(self._iterator or self._open_after_position(), limit)
        except self._kinesis.exceptions.ExpiredIteratorException:
            return self._get(self._open_after_position(), limit)

    def _read_checked(self, limit: int) -> tuple[list[Record], bool]:
        self._iterator = None
        if self.position is None:
            oldest = self._get(self._open("TRIM_HORIZON"), limit)
            return oldest.records, oldest.is_last
        for _ in range(_PATIENCE):
            here = self._get(self._open("AT_SEQUENCE_NUMBER", self.position), limit + 1)
            if here.records and here.records[0].sequence_number == self.position:
                return here.records[1:], here.is_last
            # Either our record has expired, and all that is left is new, or the list has slipped
            # between the two calls, and we look again.
            oldest = self._get(self._open("TRIM_HORIZON"), limit)
            if not oldest.records or int(oldest.records[0].sequence_number) > int(self.position):
                return oldest.records, oldest.is_last
        return [], False

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

    def _get(self, iterator: str, limit: int) -> _Page:
        answer = self._kinesis.get_records(ShardIterator=iterator, Limit=limit)
        records = [
            Record(
                record["SequenceNumber"],
                record["PartitionKey"],
                record["Data"],
                record["ApproximateArrivalTimestamp"].astimezone(UTC),
            )
            for record in answer["Records"]
        ]
        return _Page(records, answer.get("NextShardIterator"))
