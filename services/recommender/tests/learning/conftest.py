"""A catalogue and a past for the build's tests."""

import gzip
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from fashion_contracts.events import Interaction
from fashion_contracts.landing import hour_prefix
from infra.local.resources import Resources

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def land(stores: Resources, s3: "S3Client") -> Callable[..., None]:
    """Return what delivers lines to the landing zone as Firehose does."""

    def deliver(lines: Iterable[bytes], *, at: datetime, name: str = "stream-1.gz") -> None:
        s3.put_object(
            Bucket=stores.landing_bucket,
            Key=hour_prefix(at) + name,
            Body=gzip.compress(b"".join(lines)),
        )

    return deliver


@pytest.fixture
def visits(event: Callable[..., Interaction]) -> Callable[..., list[Interaction]]:
    """Return a maker of visits: each walks a few steps up from some product, as neighbours do."""

    def make(count: int, *, begin: datetime, span: timedelta, seed: int = 1) -> list[Interaction]:
        random = Random(seed)
        events = []
        for visit in range(count):
            at = begin + span * visit / count
            first = random.randrange(1, 34)
            for step in range(6):
                product = first + step if random.random() < 0.9 else random.randrange(1, 41)
                shopper = f"visitor-{seed}-{visit}"
                moment = at + timedelta(seconds=20 * step)
                events.append(event(product, shopper=shopper, at=moment))
        return events

    return make
