"""What became of records that are no event: each is told of once, kept once, and in no table.

The event source gives each up and tells the failure queue where it lies. The delivery writes it
into the landing zone with the others, as it came; the night's load puts it aside with its reason
and its content, and counts it in the lake's `bad_events`.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from exporter.queries import LakeQueries
from fashion_contracts.landing import BAD_EVENTS_PREFIX, EVENTS_PREFIX
from infra.demo.reconcile import Check

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

_MESSAGES = 10


class Place(NamedTuple):
    """Where a record lies on the stream."""

    shard_id: str
    sequence_number: str


@dataclass(frozen=True)
class Failure:
    """What one message of the failure queue tells: a batch of one shard that was given up."""

    shard_id: str
    first: str
    last: str
    size: int

    @classmethod
    def read(cls, message: str) -> "Failure":
        """Read a message as AWS writes it."""
        batch: dict[str, Any] = json.loads(message)["KinesisBatchInfo"]
        return cls(
            batch["shardId"],
            batch["startSequenceNumber"],
            batch["endSequenceNumber"],
            batch["batchSize"],
        )

    def covers(self, place: Place) -> bool:
        """Say whether the record was given up with the batch."""
        sequence = int(place.sequence_number)
        return place.shard_id == self.shard_id and int(self.first) <= sequence <= int(self.last)


def take_failures(queues: "SQSClient", url: str) -> Iterator[Failure]:
    """Yield what the failure queue holds, and take it out, as whoever looks after it does."""
    while messages := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=_MESSAGES).get(
        "Messages"
    ):
        for message in messages:
            yield Failure.read(message["Body"])
            queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def kept_aside(queries: LakeQueries, s3: "S3Client", bucket: str) -> Counter[str]:
    """Return the content of each line that the lake counts as bad."""
    rows = queries.query("SELECT source_key, line_number FROM bad_events").rows
    lines: dict[str, dict[int, str]] = {}
    for key, _ in rows:
        if key not in lines:
            lines[key] = _lines_kept_of(s3, bucket, key)
    return Counter(lines[key].get(number, "") for key, number in rows)


def check_poison(
    put: Mapping[Place, bytes],
    stream: Collection[Place],
    found: Collection[Place],
    failures: Iterable[Failure],
    aside: Counter[str],
) -> list[Check]:
    """Return the checks of what was `put`.

    `stream` is where all records lie, `found` where those that can be read as no event; `failures`
    is all that the failure queue was told, and `aside` what the lake counts as bad.
    """
    batches = list(failures)
    told = Counter(place for batch in batches for place in stream if batch.covers(place))
    uncounted = sum(batch.size != sum(batch.covers(place) for place in stream) for batch in batches)
    return [
        Check.equal("poison on the stream = what was put there", set(found) ^ set(put), set()),
        Check.equal("records told to the failure queue = poison", set(told) ^ set(put), set()),
        Check.equal(
            "records told to the failure queue more than once",
            {place for place, times in told.items() if times > 1},
            set(),
        ),
        Check.equal("failures whose size is not what they cover", uncounted, 0),
        Check.equal(
            "bad lines that the lake counts = poison, content by content",
            _differing(aside, Counter(map(_as_kept, put.values()))),
            set(),
        ),
    ]


def _differing(one: Counter[str], other: Counter[str]) -> set[str]:
    return {content for content in one | other if one[content] != other[content]}


def _lines_kept_of(s3: "S3Client", bucket: str, source_key: str) -> dict[int, str]:
    key = f"{BAD_EVENTS_PREFIX}{source_key.removeprefix(EVENTS_PREFIX)}.bad.jsonl"
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    kept: Iterator[dict[str, Any]] = map(json.loads, body.splitlines())
    return {line["line_number"]: line["raw"] for line in kept}


def _as_kept(content: bytes) -> str:
    """Return the text by which the load keeps what may be no text."""
    return content.decode(errors="backslashreplace")
