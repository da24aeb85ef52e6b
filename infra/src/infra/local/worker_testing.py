"""What the tests of the workers share: a clock, a shard in memory, a stream of their own, patience.

Kept beside `infra.testing`, because tests cannot import one another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from infra.local.lineage import list_shards
from infra.local.processes import Process
from infra.local.shards import Record, Stream

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

StartWorker = Callable[[str, Mapping[str, str]], Process]
"""Starts the module of a worker with these settings."""


def eventually(condition: Callable[[], object], *, seconds: float = 20) -> None:
    """Return as soon as the condition holds; raise TimeoutError when it has not in time."""
    deadline = monotonic() + seconds
    while not condition():
        if monotonic() > deadline:
            raise TimeoutError(f"It has not happened within {seconds} s.")
        Event().wait(0.02)


@dataclass
class ManualClock:
    """A clock that only tests move."""

    now: datetime = NOON
    passed: float = 0.0
    """Seconds that have passed; a clock that is set makes none of them."""

    def __call__(self) -> datetime:
        """Return the time that was set."""
        return self.now

    def advance(self, **duration: float) -> None:
        """Let time pass."""
        self.set(timedelta(**duration))
        self.passed += timedelta(**duration).total_seconds()

    def set(self, error: timedelta) -> None:
        """Set it ahead, or back, without any time passing."""
        self.now += error

    def timer(self) -> float:
        """Return the seconds of a clock that nobody sets."""
        return self.passed


@dataclass
class ScriptedShard:
    """A shard in memory that hands out each record once, as a reader does."""

    waiting: list[Record] = field(default_factory=list)
    count: int = 0
    is_closed: bool = False

    def put(self, *lines: bytes, arrived_at: datetime = NOON) -> list[Record]:
        """Add a record for each line; sequence numbers count from 1."""
        records = []
        for line in lines:
            self.count += 1
            records.append(Record(str(self.count), "key", line, arrived_at))
        self.waiting += records
        return records

    @property
    def has_ended(self) -> bool:
        """Say whether it was closed and nothing waits in it."""
        return self.is_closed and not self.waiting

    def read(self, limit: int) -> list[Record]:
        """Return the next records."""
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return taken


@dataclass(frozen=True)
class StreamOnEndpoint:
    """A stream of its own on the endpoint, for one test."""

    kinesis: "KinesisClient"
    name: str

    def put(self, *lines: bytes, key: str = "shopper") -> None:
        """Put a record for each line, in one request."""
        self.kinesis.put_records(
            StreamName=self.name, Records=[{"Data": line, "PartitionKey": key} for line in lines]
        )

    def split(self) -> None:
        """Split its shard; the endpoint deletes it with whatever was not read yet."""
        [shard_id] = self.shard_ids()
        self.kinesis.split_shard(
            StreamName=self.name, ShardToSplit=shard_id, NewStartingHashKey=str(2**127)
        )

    def shard_ids(self) -> list[str]:
        """Return the ids of its shards."""
        return [shard.shard_id for shard in list_shards(self.kinesis, self.name)]

    def describe(self) -> Stream:
        """Return what a reader has to know of it."""
        return Stream.describe(self.kinesis, self.name)
