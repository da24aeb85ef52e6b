"""The landing zone: reads what the delivery stream brought, keeps beside it what cannot be read."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from fashion_contracts.landing import BAD_EVENTS_PREFIX, EVENTS_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class BadLine:
    """One line that is no event: where it lies, why it is none, and what it says."""

    source_key: str
    line_number: int
    reason: str
    raw: str


class LandingZone:
    """The bucket in which the delivery stream's objects lie, by the UTC hour of delivery."""

    def __init__(self, s3: "S3Client", bucket: str, *, threads: int) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._threads = threads

    def objects(
        self, folders: Sequence[str], others: Sequence[str] = ()
    ) -> Iterator[tuple[str, bytes]]:
        """Yield key and bytes of every object in these hours' folders, day by day, and of others.

        An object that is gone by now, as one of the others may be, is passed over.
        """
        with ThreadPoolExecutor(self._threads) as pool:
            for keys in self._keys_by_day(folders, others):
                # A few at a time: a busy shop's objects must not lie in memory all at once.
                for first in range(0, len(keys), self._threads):
                    some = keys[first : first + self._threads]
                    for key, payload in zip(some, pool.map(self._read, some), strict=True):
                        if payload is not None:
                            yield key, payload

    def keep_bad(self, source_key: str, lines: list[BadLine]) -> None:
        """Keep an object's bad lines; kept again, they replace themselves."""
        key = f"{BAD_EVENTS_PREFIX}{source_key.removeprefix(EVENTS_PREFIX)}.bad.jsonl"
        body = "".join(json.dumps(asdict(line)) + "\n" for line in lines)
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body.encode())

    def _keys_by_day(self, folders: Sequence[str], others: Sequence[str]) -> Iterator[list[str]]:
        for day_folder in sorted({folder.rsplit("hour=")[0] for folder in folders}):
            yield [key for key in self._keys(day_folder) if key.startswith(tuple(folders))]
        yield [key for key in others if not key.startswith(tuple(folders))]

    def _keys(self, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return sorted(item["Key"] for page in pages for item in page.get("Contents", ()))

    def _read(self, key: str) -> bytes | None:
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise


def hour_of(key: str) -> datetime:
    """Return when the hour of the object's folder began."""
    _, day, hour, _ = key.split("/", 3)
    return datetime.fromisoformat(f"{day.removeprefix('dt=')}T{hour.removeprefix('hour=')}:00Z")
