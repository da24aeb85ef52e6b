"""The shards of a stream and their descent: a split has two children, a merge two parents.

A shopper's records move on to a child only when its parent takes no more, so whoever reads a shard
after all its parents reads every shopper in order.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient


@dataclass(frozen=True)
class Shard:
    """A shard, and the one or two that it came from; none if it was there from the beginning."""

    shard_id: str
    parents: tuple[str, ...] = ()


def list_shards(kinesis: "KinesisClient", stream_name: str) -> tuple[Shard, ...]:
    """Ask AWS for the shards of a stream: the open ones, and the closed that still hold records."""
    pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream_name)
    shards = [
        Shard(
            shard["ShardId"],
            tuple(
                parent
                for parent in (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
                if parent
            ),
        )
        for page in pages
        for shard in page["Shards"]
    ]
    return tuple(sorted(shards, key=lambda shard: shard.shard_id))


def readable(shards: Collection[Shard], is_finished: Callable[[str], bool]) -> list[Shard]:
    """Return the shards that are not finished, and whose parents are.

    A parent that is not listed any more has expired with all its records, and is waited for no
    longer.
    """
    waiting = {shard.shard_id for shard in shards if not is_finished(shard.shard_id)}
    return [
        shard for shard in shards if shard.shard_id in waiting and waiting.isdisjoint(shard.parents)
    ]


def parents_first(shards: Collection[Shard]) -> Iterator[Shard]:
    """Yield every shard after all its parents."""
    read: set[str] = set()
    while generation := readable(shards, read.__contains__):
        yield from generation
        read |= {shard.shard_id for shard in generation}


def is_complete(shards: Collection[Shard], is_finished: Callable[[str], bool]) -> bool:
    """Say whether the list has the children of every finished shard: it ended because of them."""
    parents = {parent for shard in shards for parent in shard.parents}
    return bool(shards) and all(
        shard.shard_id in parents for shard in shards if is_finished(shard.shard_id)
    )
