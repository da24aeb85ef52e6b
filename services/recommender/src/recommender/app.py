"""The recommender's API."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from sqlalchemy import Engine

from fashion_kit.aws import client
from fashion_kit.clock import Clock, utc_now
from fashion_kit.ids import IdFactory, new_id
from fashion_kit.logs import configure
from fashion_kit.metrics import install_metrics
from fashion_kit.mysql import mysql_engine
from fashion_kit.problems import install_problem_handlers
from recommender import health
from recommender.dependencies import State
from recommender.model.repository import ModelRepository
from recommender.picks import endpoints
from recommender.picks.rankers import make_rankers
from recommender.picks.repository import AvailabilityRepository, PicksRepository
from recommender.picks.schemas import Availability
from recommender.picks.service import PicksService
from recommender.refreshing import Refreshing
from recommender.settings import ApiSettings
from recommender.trends import endpoints as trends_endpoints
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import CountedWindows
from recommender.trends.service import TrendingService

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


def create_app(
    settings: ApiSettings | None = None, *, clock: Clock = utc_now, make_id: IdFactory = new_id
) -> FastAPI:
    """Return the app; without settings it reads the environment when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        told = settings or ApiSettings()
        configure(told.log_level, told.log_format, service="recommender")
        async with AsyncExitStack() as stack:
            state = await _start(told, stack, clock, make_id)
            app.state.recommender, app.state.picks, app.state.trending = state
            yield

    app = FastAPI(title="Recommender", version="1", lifespan=lifespan)
    install_problem_handlers(app)
    install_metrics(app)
    app.include_router(health.router)
    app.include_router(endpoints.router)
    app.include_router(trends_endpoints.router)
    return app


async def _start(
    settings: ApiSettings, stack: AsyncExitStack, clock: Clock, make_id: IdFactory
) -> tuple[State, PicksService, TrendingService]:
    """Build what requests need and keep it fresh until the stack is closed."""
    dynamodb: DynamoDBClient = client("dynamodb", pool_size=settings.read_threads)
    s3: S3Client = client("s3")
    engine = mysql_engine(settings.database_url.get_secret_value(), pool_size=1)
    stack.callback(engine.dispose)
    readers = ThreadPoolExecutor(settings.read_threads, thread_name_prefix="reader")
    stack.callback(readers.shutdown)
    shoppers = PicksRepository(dynamodb, settings.shoppers_table)
    models = ModelRepository(
        dynamodb, s3, table=settings.models_table, bucket=settings.model_bucket
    )
    trends = TrendsRepository(dynamodb, settings.trends_table)
    rankers = make_rankers(settings, settings, models, trends, clock)
    availability = _availability(settings, engine, clock)
    windows = _windows(settings, trends, clock)
    for value in (rankers.model, rankers.trends, availability, windows):
        await _keep_fresh(value, stack)
    service = PicksService(shoppers, rankers, availability, make_id)
    trending = TrendingService(windows, lambda: availability.value.unavailable)
    key = settings.token_public_key_file.read_text()
    return State(readers, key, shoppers.check), service, trending


def _availability(settings: ApiSettings, engine: Engine, clock: Clock) -> Refreshing[Availability]:
    repository = AvailabilityRepository(engine, newest_products=settings.newest_products)
    return Refreshing(
        "availability",
        lambda _: repository.read(),
        Availability(),
        every=settings.availability_refresh,
        clock=clock,
    )


def _windows(
    settings: ApiSettings, trends: TrendsRepository, clock: Clock
) -> Refreshing[CountedWindows]:
    uncounted: CountedWindows = {}
    return Refreshing(
        "windows",
        lambda _: trends.read_windows(),
        uncounted,
        every=settings.model_refresh,
        clock=clock,
    )


async def _keep_fresh(value: Refreshing[Any], stack: AsyncExitStack) -> None:
    """Read the value now, and again and again until the stack is closed."""
    await asyncio.to_thread(value.refresh)

    async def renew() -> None:
        while True:
            await asyncio.sleep(value.every.total_seconds())
            await asyncio.to_thread(value.refresh)

    async def stop() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    task = asyncio.create_task(renew())
    stack.push_async_callback(stop)


app = create_app()
