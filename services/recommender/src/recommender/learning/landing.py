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


class LandingRepository:
    """Reads what the stream's delivery has written."""

    def __init__(self, s3: "S3Client", bucket: str, *, threads: int) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._threads = threads

    def download(self, folder: Path, *, until: datetime, days: int) -> list[Path]:
        """Download the objects of the last days into the folder; return the files."""
        keys = [key for day in range(days + 1) for key in self._keys(until - timedelta(days=day))]
        names = [(key, folder / f"{number}.gz") for number, key in enumerate(sorted(keys))]
        with ThreadPoolExecutor(self._threads) as threads:
            return list(threads.map(self._fetch, names))

    def _keys(self, instant: datetime) -> Iterator[str]:
        day_prefix, _, _ = hour_prefix(instant).partition(_HOUR_FOLDER)
        with aws_errors("list the landing zone"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=day_prefix
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
