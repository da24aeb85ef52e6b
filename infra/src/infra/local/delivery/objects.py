"""One object of the landing zone: its name, and its content.

Both follow from the records alone. A batch that is delivered a second time, because the worker died
before it had noted the first, replaces its object instead of standing beside it.
"""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from fashion_contracts.landing import hour_prefix
from infra.local.shards import Record


@dataclass(frozen=True)
class Batch:
    """The records of one shard that are written as one object."""

    stream_arn: str
    shard_id: str
    records: Sequence[Record]

    def key(self) -> str:
        """Return `events/dt=/hour=/<stream>-<time>-<uuid>.gz`; the time is the first record's."""
        first, last = self.records[0], self.records[-1]
        name = self.stream_arn.rpartition("/")[2]
        moment = first.arrived_at.strftime("%Y-%m-%d-%H-%M-%S")
        extent = f"{self.shard_id}/{first.sequence_number}/{last.sequence_number}"
        unique = uuid5(NAMESPACE_URL, f"{self.stream_arn}/{extent}")
        return f"{hour_prefix(first.arrived_at)}{name}-{moment}-{unique}.gz"

    def content(self) -> bytes:
        """Return the records as they came, each followed by exactly one newline, compressed."""
        lines = b"".join(record.data.rstrip(b"\n") + b"\n" for record in self.records)
        # Without a time in its header the same lines always give the same bytes.
        return gzip.compress(lines, compresslevel=6, mtime=0)
