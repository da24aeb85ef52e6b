"""The rejected events that were kept: read page by page, and taken away once they are good."""

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from fashion_contracts.landing import BAD_EVENTS_PREFIX
from storefront.events.errors import LandingZoneUnavailableError
from storefront.events.schemas import BadEvent

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The lake's own bad lines lie in the same folders, under longer names.
_NAME: Final = re.compile(r"\w+\.jsonl")


class BadEventObject(NamedTuple):
    """What one request had rejected: its lines, and those of them that are bad events."""

    key: str
    lines: list[bytes]
    events: dict[int, BadEvent]
    """By their place among the lines."""


class BadEventRepository:
    """Reads and changes the landing zone's `bad/`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def objects(
        self, day: date, hour: int, *, start_at: str = "", page_size: int = 1_000
    ) -> Iterator[BadEventObject]:
        """Yield an hour's objects from a key on, oldest first."""
        prefix = hour_folder(day, hour)
        # The listing begins behind a key, so one just before it.
        after = start_at[:-1] if start_at else prefix
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket,
                Prefix=prefix,
                StartAfter=after,
                PaginationConfig={"PageSize": page_size},
            )
            for page in pages:
                for entry in page.get("Contents", []):
                    key = entry["Key"]
                    if key >= start_at and _NAME.fullmatch(key.removeprefix(prefix)):
                        yield self._read(key)
        except (BotoCoreError, ClientError) as error:
            raise LandingZoneUnavailableError from error

    def settle(self, found: BadEventObject, settled: set[int]) -> None:
        """Take the lines away that need no keeping any more, and the object if none is left."""
        left = [line for place, line in enumerate(found.lines) if place not in settled]
        try:
            if left:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=found.key,
                    Body=b"\n".join(left) + b"\n",
                    ContentType="application/jsonl",
                )
            else:
                self._client.delete_object(Bucket=self._bucket, Key=found.key)
        except (BotoCoreError, ClientError) as error:
            raise LandingZoneUnavailableError from error

    def _read(self, key: str) -> BadEventObject:
        answer = self._client.get_object(Bucket=self._bucket, Key=key)
        lines = answer["Body"].read().splitlines()
        events = {}
        for place, line in enumerate(lines):
            # What is no bad event is left where it is.
            try:
                events[place] = BadEvent.model_validate_json(line)
            except ValidationError:
                continue
        return BadEventObject(key, lines, events)


def hour_folder(day: date, hour: int) -> str:
    """Return the folder of the events that were rejected in an hour."""
    return f"{BAD_EVENTS_PREFIX}dt={day.isoformat()}/hour={hour:02}/"
