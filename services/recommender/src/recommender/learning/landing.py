"""The landing zone's events, brought to where DuckDB can read them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_contracts.landing import hour_prefix
from recommender.stores import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_HOUR_FOLDER = "hour="
_HOUR = timedelta(hours=1)
_HOURS_LISTED_SINGLY = 48


class LandingRepository:
    """Reads what the stream's delivery has written."""

    def __init__(self, s3: "S3Client", bucket: str, *, threads: int) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._threads = threads

    def download(self, folder: Path, *, since: datetime, until: datetime) -> list[Path]:
        """Download the objects of every hour from one to the other into the folder.

        Events lie by the hour in which they arrived; what arrived late is in a later one.
        """
        keys = [key for prefix in _prefixes(since, until) for key in self._keys(prefix)]
        names = [(key, folder / f"{number}.gz") for number, key in enumerate(sorted(keys))]
        with ThreadPoolExecutor(self._threads) as threads:
            return list(threads.map(self._fetch, names))

    def _keys(self, prefix: str) -> Iterator[str]:
        with aws_errors("list the landing zone"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            for page in pages:
                for entry in page.get("Contents", []):
                    yield entry["Key"]

    def _fetch(self, source: tuple[str, Path]) -> Path:
        key, path = source
        with aws_errors("read the landing zone"):
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            path.write_bytes(answer["Body"].read())
        return path


def _prefixes(since: datetime, until: datetime) -> list[str]:
    """Return the folders to list: whole days where there are many, single hours where few."""
    hours = int((until - since) / _HOUR) + 1
    folders = [hour_prefix(until - _HOUR * hour) for hour in range(hours + 1)]
    if hours > _HOURS_LISTED_SINGLY:
        folders = [folder.partition(_HOUR_FOLDER)[0] for folder in folders]
    return sorted(set(folders))
