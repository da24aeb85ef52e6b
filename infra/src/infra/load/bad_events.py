"""What the storefront has kept of the events that it refused."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fashion_contracts.landing import bad_events_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READERS = 4
_SCHEMA = "bad-event/1"
_HOUR = timedelta(hours=1)


def kept_bad_events(
    s3: "S3Client", bucket: str, since: datetime, until: datetime
) -> set[tuple[str, str]]:
    """Return event_id and reason of each that was kept between the two instants.

    A batch that was sent twice is kept twice; it counts once.
    """
    keys = [key for prefix in _prefixes(since, until) for key in _keys(s3, bucket, prefix)]

    def read(key: str) -> bytes:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    with ThreadPoolExecutor(READERS) as pool:
        return {each for body in pool.map(read, keys) for each in _events_in(body)}


def _prefixes(since: datetime, until: datetime) -> list[str]:
    """Return the folder of each hour that touches the time between the instants."""
    hours = int((until - since) / _HOUR) + 1
    instants = [*(since + n * _HOUR for n in range(hours)), until]
    return [*dict.fromkeys(bad_events_prefix(instant) for instant in instants)]


def _keys(s3: "S3Client", bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (entry["Key"] for entry in page.get("Contents", []))


def _events_in(body: bytes) -> Iterator[tuple[str, str]]:
    for line in body.splitlines():
        kept = json.loads(line)
        # The lake's own bad lines lie in the same folders.
        if kept.get("schema") == _SCHEMA and isinstance(kept["raw"], dict):
            yield str(kept["raw"].get("event_id")), kept["reason"]
