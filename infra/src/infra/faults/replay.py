"""The whole stream read again and folded anew: what every shopper's history must be."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

from fashion_contracts.picks import Shopper
from fashion_kit.clock import utc_now
from infra.faults.poison import Place
from infra.local.lineage import list_shards, parents_first
from infra.local.shards import Record, ShardReader, Stream
from recommender.interactions.fold import fold, join
from recommender.interactions.records import Arrival, StreamRecord, decode
from recommender.interactions.service import Batch, since_erasure
from recommender.interactions.tally import BatchTally

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_kinesis.client import KinesisClient

_READ_LIMIT = 10_000

Known = dict[str, tuple[Any, Any, Any]]
"""History, cart and purchases of each shopper."""


def read_stream(kinesis: "KinesisClient", stream_name: str) -> dict[Place, Record]:
    """Return every record of the stream, each shard's in their order and after its parents'."""
    stream = Stream.describe(kinesis, stream_name)
    found: dict[Place, Record] = {}
    for shard in parents_first(list_shards(kinesis, stream_name)):
        reader = ShardReader(kinesis, stream, shard.shard_id, after=None, clock=utc_now)
        while records := reader.read(_READ_LIMIT):
            found |= {Place(shard.shard_id, one.sequence_number): one for one in records}
    return found


def replayed(records: Mapping[Place, Record]) -> tuple[Known, set[Place]]:
    """Return every shopper as the stream tells them, and which of its records are poison.

    The records are numbered anew in the order of their arrival: sequence numbers say nothing of the
    order of two shards, and a guest who turns out to be a user may have been on another.
    """
    places = sorted(records, key=lambda place: records[place].arrived_at)
    arrivals, failed = decode(
        StreamRecord(str(number), records[place].data, records[place].arrived_at)
        for number, place in enumerate(places)
    )
    poison = {places[int(record.sequence_number)] for record in failed}
    batch = Batch(arrivals, _Newcomers(), BatchTally(timedelta(0)))
    known = {user_id: _folded(user_id, events, batch) for user_id, events in arrivals.items()}
    return _known(known.values()), poison


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
    acts = since_erasure(arrivals)
    known = reduce(join, batch.guests_in(acts), Shopper(user_id))
    return fold(known, (arrival.event for arrival in acts))


def _known(shoppers: Iterable[Shopper]) -> Known:
    return {one.user_id: (one.history, one.cart, one.bought) for one in shoppers}
