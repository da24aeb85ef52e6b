"""The whole stream read again and folded anew: what every shopper's history must be."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

from fashion_contracts.picks import Shopper
from fashion_kit.clock import utc_now
from infra.local.lineage import list_shards, parents_first
from infra.local.shards import Record, ShardReader, Stream
from recommender.interactions.fold import fold, join
from recommender.interactions.records import Arrival, StreamRecord, decode
from recommender.interactions.service import Batch
from recommender.interactions.tally import BatchTally

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_kinesis.client import KinesisClient

_READ_LIMIT = 10_000

Known = dict[str, tuple[Any, Any, Any]]
"""History, cart and purchases of each shopper."""


def replayed(kinesis: "KinesisClient", stream_name: str) -> tuple[Known, int]:
    """Return every shopper as the stream tells them, and how many of its records are poison."""
    arrivals, poison = decode(_records(kinesis, stream_name))
    batch = Batch(arrivals, _Newcomers(), BatchTally(timedelta(0)))
    known = {user_id: _folded(user_id, events, batch) for user_id, events in arrivals.items()}
    return _known(known.values()), len(poison)


def stored(dynamodb: "DynamoDBClient", table: str) -> Known:
    """Return every shopper as the table has them."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items: Iterator[Any] = (item for page in pages for item in page["Items"])
    return _known(map(Shopper.from_attributes, items))


def differing(told: Known, found: Known) -> set[str]:
    """Return the shoppers of which the two do not say the same."""
    nothing = ((), (), ())
    return {
        user_id
        for user_id in told.keys() | found.keys()
        if told.get(user_id, nothing) != found.get(user_id, nothing)
    }


class _Newcomers(dict[str, Shopper]):
    """Nobody has done anything before the stream began."""

    def __missing__(self, user_id: str) -> Shopper:
        return Shopper(user_id)


def _folded(user_id: str, arrivals: list[Arrival], batch: Batch) -> Shopper:
    known = reduce(join, batch.guests_in(arrivals), Shopper(user_id))
    return fold(known, (arrival.event for arrival in arrivals))


def _known(shoppers: Iterable[Shopper]) -> Known:
    return {one.user_id: (one.history, one.cart, one.bought) for one in shoppers}


def _records(kinesis: "KinesisClient", stream_name: str) -> Iterator[StreamRecord]:
    """Yield the records in the order of their arrival, numbered anew.

    Sequence numbers say nothing of the order of two shards, and a guest who turns out to be a user
    may have been on another.
    """
    arrived = sorted(_by_shard(kinesis, stream_name), key=lambda record: record.arrived_at)
    for number, record in enumerate(arrived):
        yield StreamRecord(str(number), record.data)


def _by_shard(kinesis: "KinesisClient", stream_name: str) -> Iterator[Record]:
    stream = Stream.describe(kinesis, stream_name)
    for shard in parents_first(list_shards(kinesis, stream_name)):
        reader = ShardReader(kinesis, stream, shard.shard_id, after=None, clock=utc_now)
        while records := reader.read(_READ_LIMIT):
            yield from records
