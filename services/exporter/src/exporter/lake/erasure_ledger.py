"""Who asked to be forgotten, and who has been: names of empty objects in the clean bucket."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from exporter.lake.erasure import Erasures

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX: Final = "erasures/"
ASKED: Final = f"{PREFIX}state=asked/"
DONE: Final = f"{PREFIX}state=done/"


class ErasureRecords:
    """The pseudonyms under `erasures/`."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

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
