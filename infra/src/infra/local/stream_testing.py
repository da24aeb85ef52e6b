"""A stream in memory that splits and merges as Kinesis does, for tests: no server of CI's can.

It answers the calls that readers make, under boto3's names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from infra.local.worker_testing import NOON

_LAST_HASH = 2**128 - 1


class ResourceNotFoundError(ClientError):
    """What boto3 raises of a shard or a stream that is not there."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ResourceNotFoundException"}}, "GetShardIterator")


class ExpiredIteratorError(ClientError):
    """What boto3 raises of an iterator that is too old or unknown."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ExpiredIteratorException"}}, "GetRecords")


@dataclass
class ShardInMemory:
    """One shard: the hashes it takes, where it came from, and its records."""

    shard_id: str
    hashes: tuple[int, int]
    parents: tuple[str, ...] = ()
    records: list[dict[str, Any]] = field(default_factory=list)
    is_open: bool = True


class StreamInMemory:
    """One stream, as its readers see it; sequence numbers count up over all shards."""

    class exceptions:  # noqa: N801 - boto3's own name
        """The client's own error classes."""

        ExpiredIteratorException = ExpiredIteratorError
        ResourceNotFoundException = ResourceNotFoundError

    def __init__(self) -> None:
        self.shards: dict[str, ShardInMemory] = {}
        self.lists = 0
        self._made = 0
        self._put = 0
        self._lock = Lock()
        self._add((0, _LAST_HASH))

    def put(self, key: str, line: bytes, *, arrived_at: datetime = NOON) -> None:
        """Put a record on the open shard of its key."""
        place = int(md5(key.encode(), usedforsecurity=False).hexdigest(), 16)
        with self._lock:
            self._put += 1
            [shard] = [one for one in self.open_shards() if one.hashes[0] <= place <= one.hashes[1]]
            shard.records.append(
                {
                    "SequenceNumber": f"{self._put:056d}",
                    "PartitionKey": key,
                    "Data": line,
                    "ApproximateArrivalTimestamp": arrived_at,
                }
            )

    def open_shards(self) -> list[ShardInMemory]:
        """Return the shards that take records, in the order of their hashes."""
        return sorted(
            (shard for shard in self.shards.values() if shard.is_open),
            key=lambda shard: shard.hashes,
        )

    def split(self, at: int) -> None:
        """Split an open shard into two halves."""
        with self._lock:
            shard = self.open_shards()[at % len(self.open_shards())]
            low, high = shard.hashes
            middle = (low + high) // 2
            shard.is_open = False
            self._add((low, middle), shard.shard_id)
            self._add((middle + 1, high), shard.shard_id)

    def merge(self, at: int) -> None:
        """Merge an open shard with its neighbour, if it has one."""
        with self._lock:
            shards = self.open_shards()
            if len(shards) > 1:
                left = at % (len(shards) - 1)
                one, other = shards[left : left + 2]
                one.is_open = other.is_open = False
                self._add((one.hashes[0], other.hashes[1]), one.shard_id, other.shard_id)

    def expire(self, shard_id: str) -> None:
        """Forget a closed shard, whose records are all too old by now."""
        with self._lock:
            del self.shards[shard_id]

    def describe_stream_summary(self, **_: str) -> dict[str, Any]:
        """Return what does not change."""
        arn = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
        return {"StreamDescriptionSummary": {"StreamARN": arn, "RetentionPeriodHours": 24}}

    def get_paginator(self, _: str) -> "StreamInMemory":
        """Return what pages through the shards."""
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        """Yield the shards, in no order that says anything."""
        with self._lock:
            self.lists += 1
            names = ("ParentShardId", "AdjacentParentShardId")
            shards = [
                {"ShardId": shard.shard_id} | dict(zip(names, shard.parents, strict=False))
                for shard in self.shards.values()
            ]
        yield {"Shards": shards[::-1]}

    def get_shard_iterator(self, **request: str) -> dict[str, str]:
        """Return an iterator, which is a shard and the first sequence number to be read."""
        number = int(request.get("StartingSequenceNumber", 0))
        first = number + (request["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER")
        with self._lock:
            self._shard(request["ShardId"])
        return {"ShardIterator": f"{request['ShardId']} {first}"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        """Return records and the next iterator, which is missing at the end of a closed shard."""
        shard_id, first = request["ShardIterator"].split()
        with self._lock:
            shard = self._shard(shard_id)
            there = [one for one in shard.records if int(one["SequenceNumber"]) >= int(first)]
            found = there[: request["Limit"]]
            answer: dict[str, Any] = {"Records": found}
            if shard.is_open or len(found) < len(there):
                behind = int(found[-1]["SequenceNumber"]) + 1 if found else int(first)
                answer["NextShardIterator"] = f"{shard_id} {behind}"
            return answer

    def _add(self, hashes: tuple[int, int], *parents: str) -> None:
        shard = ShardInMemory(f"shardId-{self._made:012d}", hashes, parents)
        self._made += 1
        self.shards[shard.shard_id] = shard

    def _shard(self, shard_id: str) -> ShardInMemory:
        if shard_id not in self.shards:
            raise ResourceNotFoundError
        return self.shards[shard_id]
