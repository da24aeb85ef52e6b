"""A table's files: grouped by day, rewritten, and those that nothing refers to any more removed."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from fashion_contracts.lake import Table

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

EPOCH = date(1970, 1, 1)
# What S3 deletes in one request.
MOST_DELETED = 1_000


@dataclass(frozen=True)
class Removed:
    """How many objects were removed, and how large they were."""

    objects: int = 0
    bytes: int = 0


def files_by_day(
    definition: Table, tasks: Iterable[FileScanTask]
) -> dict[date, list[FileScanTask]]:
    """Return the files by their business day; a table without days has them all under one."""
    by_day: dict[date, list[FileScanTask]] = {}
    for task in tasks:
        value = task.file.partition[0] if definition.partition is not None else EPOCH
        # pyiceberg gives a date as Iceberg keeps it, as days.
        day = EPOCH + timedelta(days=value) if isinstance(value, int) else value
        by_day.setdefault(day, []).append(task)
    return dict(sorted(by_day.items()))


def expire_snapshots(table: IcebergTable, before: datetime) -> int:
    """Forget the snapshots that are older, but never the current one; return how many."""
    count = len(table.snapshots())
    if count > 1:
        table.maintenance.expire_snapshots().older_than(before).commit()
        table.refresh()
    return count - len(table.snapshots())


Quarantined = Callable[[datetime], Collection[str]]
"""Tells which files were quarantined at an instant or since: no snapshot has them, people look."""


def remove_orphans(
    s3: "S3Client", table: IcebergTable, before: datetime, spared: Collection[str]
) -> Removed:
    """Remove the table's objects that are older, in no snapshot of it, and not to be spared."""
    location = urlsplit(table.location())
    root = f"{location.scheme}://{location.netloc}/"
    kept = _referenced(table).union(spared)
    orphans = [
        item
        for item in _objects(s3, location.netloc, location.path.strip("/") + "/")
        if item["LastModified"] < before and root + item["Key"] not in kept
    ]
    for first in range(0, len(orphans), MOST_DELETED):
        some = orphans[first : first + MOST_DELETED]
        s3.delete_objects(
            Bucket=location.netloc,
            Delete={"Objects": [{"Key": item["Key"]} for item in some], "Quiet": True},
        )
    return Removed(len(orphans), sum(item["Size"] for item in orphans))


def _referenced(table: IcebergTable) -> set[str]:
    """Return the paths of all that the table's metadata leads to."""
    paths = {table.metadata_location, *(log.metadata_file for log in table.metadata.metadata_log)}
    for snapshot in table.snapshots():
        paths.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path not in paths:
                paths.add(manifest.manifest_path)
                entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
                paths.update(entry.data_file.file_path for entry in entries)
    return paths


def _objects(s3: "S3Client", bucket: str, prefix: str) -> Iterator["ObjectTypeDef"]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return (item for page in pages for item in page.get("Contents", ()))
