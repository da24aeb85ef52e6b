"""The whole worker: its own process, the endpoint's stream and bucket, real faults."""

import gzip
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fashion_kit import aws as kit_aws
from infra.local import delivery
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.delivery.status import DeliveryStatus, FlushTimeoutError
from infra.local.processes import Process
from infra.local.worker_testing import StartWorker, StreamOnEndpoint, eventually

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

pytestmark = pytest.mark.servers

MODULE = "infra.local.delivery"


@dataclass
class Site:
    """A stream and a bucket of the same name, with a worker between them."""

    folder: Path
    stream: StreamOnEndpoint
    start_worker: StartWorker

    def start(self, **settings: str) -> Process:
        return self.start_worker(
            MODULE,
            {
                "DELIVERY_STREAM": self.stream.name,
                "DELIVERY_BUCKET": self.stream.name,
                "DELIVERY_STATE_FOLDER": str(self.folder),
                "DELIVERY_POLL_SECONDS": "0.02",
                **settings,
            },
        )

    def status(self) -> DeliveryStatus | None:
        return DeliveryStatus.read(self.folder)

    def has_read(self, worker: Process, *, records: int) -> Callable[[], bool]:
        def condition() -> bool:
            status = self.status()
            is_its_own = status is not None and status.pid == worker.pid
            return is_its_own and status is not None and status.records_read >= records

        return condition

    def objects(self) -> list[list[bytes]]:
        s3: S3Client = kit_aws.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.stream.name)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        bodies = [s3.get_object(Bucket=self.stream.name, Key=key)["Body"].read() for key in keys]
        return [gzip.decompress(body).splitlines() for body in bodies]

    def lines(self) -> list[bytes]:
        return [line for lines in self.objects() for line in lines]


@pytest.fixture
def site(
    tmp_path: Path, aws: AwsEndpoint, stream: StreamOnEndpoint, start_worker: StartWorker
) -> Site:
    kit_aws.client("s3").create_bucket(Bucket=stream.name)
    return Site(tmp_path / "state", stream, start_worker)


def test_a_flush_brings_everything_that_was_put_into_the_landing_zone(site: Site) -> None:
    site.start()
    eventually(site.status)
    site.stream.put(b'{"a": 1}\n', b"{broken")
    status = delivery.flush(site.folder, seconds=20)
    assert site.objects() == [[b'{"a": 1}', b"{broken"]]
    assert (status.records_read, status.records_delivered, status.objects) == (2, 2, 1)


def test_a_second_flush_brings_what_came_since_the_first(site: Site) -> None:
    site.start()
    eventually(site.status)
    for line in (b"1", b"2"):
        site.stream.put(line)
        delivery.flush(site.folder, seconds=20)
    assert sorted(site.objects()) == [[b"1"], [b"2"]]


def test_a_flush_brings_what_is_on_shards_that_came_after_the_start(site: Site) -> None:
    site.start()
    eventually(site.status)
    site.stream.put(b"before")
    delivery.flush(site.folder, seconds=20)
    site.stream.split()
    for number in range(10):
        site.stream.put(b"after", key=f"shopper-{number}")
    delivery.flush(site.folder, seconds=20)
    assert sorted(site.lines()) == [b"after"] * 10 + [b"before"]


def test_without_a_worker_a_flush_says_so(tmp_path: Path) -> None:
    with pytest.raises(FlushTimeoutError, match="does not run"):
        delivery.flush(tmp_path, seconds=1)


def test_an_object_is_written_when_the_buffer_is_old_enough(site: Site) -> None:
    site.start(DELIVERY_BUFFER_SECONDS="0.3")
    site.stream.put(b"1")
    eventually(lambda: site.lines() == [b"1"])


def test_a_stop_writes_the_buffer_and_the_next_worker_goes_on_behind_it(site: Site) -> None:
    site.stream.put(b"1", b"2")
    worker = site.start()
    eventually(site.has_read(worker, records=2))
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait(seconds=20) == 0
    assert site.lines() == [b"1", b"2"]
    site.stream.put(b"3")
    site.start(DELIVERY_BUFFER_SECONDS="0.1")
    eventually(lambda: len(site.lines()) > 2)
    assert sorted(site.lines()) == [b"1", b"2", b"3"]


def test_a_worker_killed_at_any_moment_loses_nothing(site: Site) -> None:
    lines = [b"%04d" % number for number in range(900)]
    for start in range(0, len(lines), 300):
        site.stream.put(*lines[start : start + 300])
        worker = site.start(DELIVERY_BUFFER_BYTES="300", DELIVERY_READ_LIMIT="50")
        eventually(site.has_read(worker, records=1 + start // 10))
        worker.kill()
    last = site.start()
    eventually(site.has_read(last, records=0))
    delivery.flush(site.folder, seconds=60)
    counts = Counter(site.lines())
    assert set(counts) == set(lines)
    assert set(counts.values()) == {1}, "an object written twice replaced itself"


def test_a_restart_of_the_endpoint_is_survived(site: Site, aws: AwsEndpoint) -> None:
    site.stream.put(b"before")
    worker = site.start(DELIVERY_BUFFER_SECONDS="0.1")
    eventually(lambda: site.lines() == [b"before"])
    aws.stop()
    eventually(lambda: "shard_not_read" in worker.log.read_text())
    aws.start()
    site.stream.put(b"after")
    eventually(lambda: sorted(site.lines()) == [b"after", b"before"])
