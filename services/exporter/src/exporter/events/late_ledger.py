"""Late deliveries: which landing zone objects hold events of a day that was loaded before.

The load that meets such an object marks it for the event's own day. A mark is an object's name, as
`ledger/late/business_day=2026-11-22/dt=2026-11-24/hour=05/clickstream-1.gz/<mark id>.json`, and
is never changed or removed: every later load of that day reads the objects marked for it. Ids of
marks and of runs sort by time, so the names alone tell which days are to be loaded again.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from fashion_contracts.landing import EVENTS_PREFIX
from fashion_kit.ids import IdFactory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "ledger/late/"
_KEY = re.compile(rf"^{PREFIX}business_day=([0-9-]{{10}})/(.+)/([0-9A-Z]{{26}})\.json$")


class LateMarks:
    """The marks, in the ledger's folder of the clean bucket."""

    def __init__(self, s3: "S3Client", bucket: str, *, new_id: IdFactory) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._new_id = new_id

    def objects(self, day: date) -> list[str]:
        """Return the keys of the landing zone objects that are marked for the day."""
        return sorted({key for _, key, _ in self._marks(f"business_day={day}/")})

    def mark(self, day: date, source_keys: Iterable[str]) -> None:
        """Mark the objects for the day; one that is marked already stays as it is."""
        for key in sorted(set(source_keys) - set(self.objects(day))):
            name = key.removeprefix(EVENTS_PREFIX)
            mark = f"{PREFIX}business_day={day}/{name}/{self._new_id()}.json"
            self._s3.put_object(Bucket=self._bucket, Key=mark, Body=b"{}")

    def late_days(self) -> list[date]:
        """Return the loaded days for which an object was marked after their latest load began.

        A day that was never loaded is not among them: its first load reads what is marked.
        """
        latest: dict[date, str] = {}
        for day, _, mark_id in self._marks():
            latest[day] = max(latest.get(day, ""), mark_id)
        return sorted(day for day, mark in latest.items() if "" < self._loaded_by(day) < mark)

    def _loaded_by(self, day: date) -> str:
        """Return the id of the latest run that loaded the day, or nothing."""
        names = self._names(f"ledger/business_day={day}/state=loaded/")
        return max((name.rsplit("/", 1)[1].removesuffix(".json") for name in names), default="")

    def _marks(self, prefix: str = "") -> Iterator[tuple[date, str, str]]:
        for name in self._names(PREFIX + prefix):
            if match := _KEY.match(name):
                yield date.fromisoformat(match[1]), EVENTS_PREFIX + match[2], match[3]

    def _names(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return (item["Key"] for page in pages for item in page.get("Contents", ()))
