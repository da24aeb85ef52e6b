"""A catalogue and a past for the build's tests."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from fashion_contracts.events import Interaction
from fashion_contracts.landing import hour_prefix
from fashion_kit.mysql import mysql_engine
from infra.local.database import Database
from infra.local.resources import Resources
from recommender.learning.catalogue import CatalogueRepository
from recommender.learning.landing import LandingRepository
from recommender.learning.service import BuildReport, BuildService, BuildStores
from recommender.model.repository import ModelRepository
from recommender.settings import BuildSettings
from recommender.trends.repository import TrendsRepository

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
Land = Callable[..., None]
Visits = Callable[..., list[Interaction]]


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


@pytest.fixture
def build_settings(stores: Resources, database: Database) -> BuildSettings:
    return BuildSettings(
        shoppers_table=stores.shoppers_table,
        trends_table=stores.trends_table,
        models_table=stores.models_table,
        model_bucket=stores.model_bucket,
        landing_bucket=stores.landing_bucket,
        database_url=SecretStr(database.grant("recommender_build", "SELECT ON products")),
        gate_predictions=50,
    )


@pytest.fixture
def service_at(
    build_settings: BuildSettings,
    models: ModelRepository,
    trends_repository: TrendsRepository,
    s3: Any,
) -> Iterator[Callable[..., BuildService]]:
    """Return a maker of services at some instant, with settings of their own."""
    numbers = count(1)
    engine = mysql_engine(build_settings.database_url.get_secret_value())
    stores = BuildStores(
        CatalogueRepository(engine),
        LandingRepository(s3, build_settings.landing_bucket, threads=2),
        models,
        trends_repository,
    )

    def make(now: datetime, **changed: Any) -> BuildService:
        settings = build_settings.model_copy(update=changed)
        return BuildService(
            settings, stores, clock=lambda: now, make_id=lambda: f"model-{next(numbers)}"
        )

    yield make
    engine.dispose()


@pytest.fixture
def build(service_at: Callable[..., BuildService]) -> Callable[..., BuildReport]:
    """Return what runs one build at NOW."""

    def run(*, now: datetime = NOW, days: int = 30, **changed: Any) -> BuildReport:
        return service_at(now, **changed).build(days, lambda _: None)

    return run


@pytest.fixture
def past(land: Land, visits: Visits, add_products: Any) -> None:
    """Fill the shop and its last week."""
    add_products(range(1, 41))
    week = timedelta(days=7)
    land(
        (e.to_record() for e in visits(200, begin=NOW - week, span=week)),
        at=NOW - timedelta(hours=1),
    )


def neighbours_of(models: ModelRepository, product_id: int) -> list[int]:
    model = models.newer_than(None)
    assert model is not None
    return model.neighbours_of(product_id)[0]
