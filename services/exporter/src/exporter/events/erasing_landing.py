"""Erasing people from the landing zone: their lines go, everybody else's keep their numbers."""

import gzip
import re
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporter.events.lines import gunzip
from fashion_contracts.landing import BAD_EVENTS_PREFIX, EVENTS_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GZIP_MAGIC = b"\x1f\x8b"
# What an id consists of; beside one of these it would be a part of another id.
_ID_CHARACTERS = rb"[A-Za-z0-9._:-]"


@dataclass(frozen=True)
class Forgotten:
    """How many lines were taken out of how many objects."""

    lines: int = 0
    objects: int = 0


class LandingEraser:
    """Takes every line that names one of these people out of the landing zone."""

    def __init__(self, s3: "S3Client", bucket: str, *, threads: int) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._threads = threads

    def erase(self, ids: Collection[str]) -> Forgotten:
        """Empty their lines, in the deliveries and among the bad lines."""
        if not ids:
            return Forgotten()
        names = _pattern(ids)
        with ThreadPoolExecutor(self._threads) as pool:
            counts = [
                count
                for prefix in (EVENTS_PREFIX, BAD_EVENTS_PREFIX)
                for page in self._pages(prefix)
                for count in pool.map(lambda key: self._erase(key, names), page)
            ]
        return Forgotten(sum(counts), sum(count > 0 for count in counts))

    def _erase(self, key: str, names: re.Pattern[bytes]) -> int:
        payload = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        is_packed = payload.startswith(_GZIP_MAGIC)
        content = gunzip(payload)[0] if is_packed else payload
        if names.search(content) is None:
            return 0
        lines = content.split(b"\n")
        # Emptied, not removed: a bad line is known by its number.
        left = [b"" if names.search(line) else line for line in lines]
        body = b"\n".join(left)
        self._s3.put_object(
            Bucket=self._bucket, Key=key, Body=gzip.compress(body, mtime=0) if is_packed else body
        )
        return sum(old != new for old, new in zip(lines, left, strict=True))

    def _pages(self, prefix: str) -> Iterator[list[str]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return ([item["Key"] for item in page.get("Contents", ())] for page in pages)


def _pattern(ids: Collection[str]) -> re.Pattern[bytes]:
    any_of = b"|".join(re.escape(one.encode()) for one in sorted(ids))
    return re.compile(rb"(?<!%b)(?:%b)(?!%b)" % (_ID_CHARACTERS, any_of, _ID_CHARACTERS))
