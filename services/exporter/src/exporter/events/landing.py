"""The landing zone: reads what the delivery stream brought, keeps beside it what cannot be read."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

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

    def objects(self, folders: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield key and bytes of every object in these hours' folders, day by day."""
        with ThreadPoolExecutor(self._threads) as pool:
            for day_folder in sorted({folder.rsplit("hour=")[0] for folder in folders}):
                keys = [key for key in self._keys(day_folder) if key.startswith(tuple(folders))]
                # A few at a time: a busy shop's objects must not lie in memory all at once.
                for first in range(0, len(keys), self._threads):
                    some = keys[first : first + self._threads]
                    yield from zip(some, pool.map(self._read, some), strict=True)

    def keep_bad(self, source_key: str, lines: list[BadLine]) -> None:
        """Keep an object's bad lines; kept again, they replace themselves."""
        key = f"{BAD_EVENTS_PREFIX}{source_key.removeprefix(EVENTS_PREFIX)}.bad.jsonl"
        body = "".join(json.dumps(asdict(line)) + "\n" for line in lines)
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body.encode())

    def _keys(self, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return sorted(item["Key"] for page in pages for item in page.get("Contents", ()))

    def _read(self, key: str) -> bytes:
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
