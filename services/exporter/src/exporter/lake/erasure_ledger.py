"""Who asked to be forgotten, who has been, and what it took: names of empty objects in the lake.

erasures/state=asked/PSEUDONYM, erasures/state=done/PSEUDONYM
erasures/rows/table=events/business_day=2026-11-22/ID-ROWS   rows that left the table, by an erasure
                                                             whose ID comes after those of the loads
                                                             before it
"""

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Final

from exporter.lake.erasure import Erasures
from fashion_contracts.lake import Table
from fashion_kit.ids import IdFactory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX: Final = "erasures/"
ASKED: Final = f"{PREFIX}state=asked/"
DONE: Final = f"{PREFIX}state=done/"
ROWS: Final = f"{PREFIX}rows/"


class ErasureRecords:
    """What lies under `erasures/`."""

    def __init__(self, s3: "S3Client", bucket: str, *, new_id: IdFactory) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._new_id = new_id

    def read(self) -> Erasures:
        """Return all who asked, whether or not the erasing came to its end."""
        return Erasures(frozenset(self._names(ASKED)))

    def done(self) -> frozenset[str]:
        """Return the pseudonyms of those who are erased."""
        return frozenset(self._names(DONE))

    def note_asked(self, keys: Collection[str]) -> None:
        """Note who is to be erased, before anything is: from now on no load brings them back."""
        self._note(ASKED, keys)

    def note_done(self, keys: Collection[str]) -> None:
        """Note who is erased."""
        self._note(DONE, keys)

    def note_rows(self, table: Table, day: date, rows: int) -> None:
        """Note how many of the day's rows an erasure has just taken out of the table."""
        self._note(_rows_of(table, day), [f"{self._new_id()}-{rows}"])

    def rows_since(self, run_id: str, table: Table, day: date) -> int:
        """Return how many of the day's rows have been taken out since the run that loaded them."""
        noted = (name.split("-") for name in self._names(_rows_of(table, day)))
        return sum(int(rows) for noted_id, rows in noted if noted_id > run_id)

    def _note(self, prefix: str, keys: Collection[str]) -> None:
        for key in sorted(keys):
            self._s3.put_object(Bucket=self._bucket, Key=prefix + key, Body=b"")

    def _names(self, prefix: str) -> set[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return {
            item["Key"].removeprefix(prefix) for page in pages for item in page.get("Contents", ())
        }


def _rows_of(table: Table, day: date) -> str:
    return f"{ROWS}table={table.name}/business_day={day}/"
