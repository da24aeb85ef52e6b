"""The written past brought to the recommender: who was there without logging in is remembered.

The past lies in the landing zone, from which the model is built; but a shopper's own item comes
from the stream alone. So those events of the past that belong to people who are about to come are
given to the function that the stream feeds, before they come. It folds them as it folds any others.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, count
from typing import TYPE_CHECKING

from fashion_contracts.events import Interaction
from fashion_contracts.landing import EVENTS_PREFIX
from infra.local.event_source.function import Answer, Function
from infra.local.event_source.records import Source, lambda_event
from infra.local.shards import Record

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READERS = 4
BATCH = 500
_NOWHERE = Source(
    stream_arn="arn:aws:kinesis:::past", shard_id="past", function_arn="", role_arn=""
)


class PastNotRememberedError(Exception):
    """Raised when the function does not take every event of the past."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"The recommender did not take the past: {answer.error or answer.payload}")


def remember(
    s3: "S3Client", bucket: str, function: Function, browsers: Collection[str]
) -> frozenset[str]:
    """Give the function what these browsers did in the past; return those that did something.

    The events' places are below any of the stream, so whatever happens live comes after them.
    """
    acts = _acts_of(s3, bucket, frozenset(browsers))
    numbers = count(1)
    records = [
        _record(act, next(numbers))
        for _, past in sorted(acts.items())
        for act in sorted(past, key=lambda act: act.event_time)
    ]
    for start in range(0, len(records), BATCH):
        answer = function(lambda_event(_NOWHERE, records[start : start + BATCH]))
        if answer.error is not None or answer.payload != {"batchItemFailures": []}:
            raise PastNotRememberedError(answer)
    return frozenset(acts)


def _acts_of(s3: "S3Client", bucket: str, browsers: frozenset[str]) -> dict[str, list[Interaction]]:
    """Return what lies in the landing zone of each of these browsers."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=EVENTS_PREFIX)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def read(key: str) -> bytes:
        return gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    acts: dict[str, list[Interaction]] = defaultdict(list)
    with ThreadPoolExecutor(READERS) as pool:
        for line in chain.from_iterable(map(bytes.splitlines, pool.map(read, keys))):
            if json.loads(line).get("anonymous_id") in browsers:
                act = Interaction.from_record(line)
                acts[act.shopper_id].append(act)
    return acts


def _record(act: Interaction, number: int) -> Record:
    return Record(
        sequence_number=str(number),
        partition_key=act.shopper_id,
        data=act.to_record(),
        arrived_at=act.received_at,
    )
