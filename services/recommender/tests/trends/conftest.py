"""Benches with known acts, and an API, for what is trending."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    contextmanager,
)
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from httpx import AsyncClient
from services.recommender.tests.picks.api import serving as api_of
from services.recommender.tests.trends.plain_counts import product_of

from fashion_contracts.events import Interaction
from fashion_contracts.landing import hour_prefix
from infra.local.database import Database
from infra.local.resources import Resources
from recommender.learning.workbench import Workbench
from recommender.settings import ApiSettings, LearningSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BenchOf = Callable[..., AbstractContextManager[Workbench]]
Serving = Callable[[], AbstractAsyncContextManager[AsyncClient]]


@pytest.fixture
def learning() -> LearningSettings:
    """Return settings by which every single act is enough to trend."""
    return LearningSettings(trend_floor=1)


@pytest.fixture
def bench_of(learning: LearningSettings) -> BenchOf:
    """Return a maker of benches: each object's lines are read as the landing zone's are."""

    @contextmanager
    def make(*objects: Iterable[Interaction], products: int = 6) -> Iterator[Workbench]:
        with TemporaryDirectory() as place, Workbench(learning, Path(place)) as bench:
            bench.load_products(map(product_of, range(1, products + 1)), ())
            files = [Path(place) / f"{number}.gz" for number in range(len(objects))]
            for file, events in zip(files, objects, strict=True):
                file.write_bytes(gzip.compress(b"".join(e.to_record() for e in events)))
            bench.load_events(files, since=datetime(2026, 1, 1, tzinfo=UTC))
            yield bench

    return make


@pytest.fixture
def serving(api_settings: ApiSettings) -> Serving:
    """Return what runs the app with its start and stop, and yields a client of it."""

    return lambda: api_of(api_settings)


@pytest.fixture
def catalogue(database: Database, add_products: Callable[[Iterable[int]], None]) -> Database:
    """Return a database with six products in stock."""
    add_products(range(1, 7))
    return database


@pytest.fixture
def land(stores: Resources, s3: "S3Client") -> Callable[[Iterable[Interaction], str], None]:
    """Return what delivers events to the landing zone as an object of this name."""

    def deliver(events: Iterable[Interaction], name: str) -> None:
        body = gzip.compress(b"".join(event.to_record() for event in events))
        key = hour_prefix(datetime(2026, 4, 30, 23, tzinfo=UTC)) + name
        s3.put_object(Bucket=stores.landing_bucket, Key=key, Body=body)

    return deliver
