"""The recommender's API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from sqlalchemy import Engine

from fashion_kit.aws import client
from fashion_kit.clock import Clock, utc_now
from fashion_kit.dynamodb.client import Limits, make_dynamodb
from fashion_kit.garbage import calm_garbage_collection
from fashion_kit.ids import IdFactory, new_id
from fashion_kit.logs import configure
from fashion_kit.metrics import install_metrics
from fashion_kit.mysql import mysql_engine
from fashion_kit.problems import install_problem_handlers
from fashion_kit.request_traces import traced_requests
from fashion_kit.tokens import OwnIssuer, TokenVerifier, public_key_of
from recommender import health
from recommender.dependencies import State
from recommender.edge import install_edge, open_edge
from recommender.model.repository import ModelRepository
from recommender.picks import endpoints
from recommender.picks.catalogue import Catalogue
from recommender.picks.fast_path import PicksFastPath
from recommender.picks.rankers import Rankers, make_rankers
from recommender.picks.repository import CatalogueRepository, PicksRepository
from recommender.picks.service import PicksService
from recommender.picks.shelves import ShelvesService
from recommender.picks.tally import PicksTally
from recommender.refreshing import Refreshing
from recommender.settings import ApiSettings
from recommender.trends import endpoints as trends_endpoints
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import CountedWindows
from recommender.trends.service import TrendingService

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

SERVICE = "recommender"


def create_app(
    settings: ApiSettings | None = None, *, clock: Clock = utc_now, make_id: IdFactory = new_id
) -> FastAPI:
    """Return the app; without settings it reads the environment when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        told = settings or ApiSettings()
        configure(told.log_level, told.log_format, service=SERVICE)
        async with AsyncExitStack() as stack:
            stack.enter_context(traced_requests(app, SERVICE))
            await _start(app, told, stack, clock, make_id)
            stack.enter_context(calm_garbage_collection())
            yield open_edge(told)

    app = FastAPI(
        title="Recommender",
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,
        # Prometheus counts; looking for OpenTelemetry costs more than some endpoints.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    install_problem_handlers(app)
    app.include_router(health.router)
    app.include_router(endpoints.router)
    app.include_router(trends_endpoints.router)
    app.add_middleware(PicksFastPath, is_outside=False)
    install_edge(app)
    app.add_middleware(PicksFastPath, is_outside=True)
    install_metrics(app)
    return app


async def _start(
    app: FastAPI, settings: ApiSettings, stack: AsyncExitStack, clock: Clock, make_id: IdFactory
) -> None:
    """Build what requests need and keep it fresh until the stack is closed."""
    engine = mysql_engine(settings.database_url.get_secret_value(), pool_size=1)
    stack.callback(engine.dispose)
    dynamodb: DynamoDBClient = client("dynamodb")
    trends = TrendsRepository(dynamodb, settings.trends_table)
    rankers = _rankers(settings, dynamodb, trends)
    catalogue = _catalogue(settings, engine)
    windows = _windows(settings, trends)
    for value in (rankers.model, rankers.delta, rankers.trends, catalogue, windows):
        await asyncio.to_thread(value.refresh)
        _repeat(partial(asyncio.to_thread, value.refresh), value.every, stack)
    shoppers = _shoppers(settings, stack, clock)
    app.state.picks = PicksService(
        settings, shoppers, rankers, catalogue, clock=clock, make_id=make_id
    )
    tally = app.state.picks.tally
    stack.callback(tally.tell)
    _repeat(partial(_told, tally), settings.served_log_every, stack)
    app.state.shelves = ShelvesService(rankers, catalogue, make_id)
    app.state.trending = TrendingService(windows, lambda: catalogue.value.unavailable)
    key = public_key_of(settings.token_public_key_file.read_text())
    verifier = TokenVerifier(OwnIssuer([key], clock=clock), clock=clock)
    app.state.recommender = State(verifier.identify, shoppers.check)


def _rankers(
    settings: ApiSettings, dynamodb: "DynamoDBClient", trends: TrendsRepository
) -> Rankers:
    s3: S3Client = client("s3")
    models = ModelRepository(
        dynamodb, s3, table=settings.models_table, bucket=settings.model_bucket
    )
    return make_rankers(settings, settings, models, trends)


def _catalogue(settings: ApiSettings, engine: Engine) -> Refreshing[Catalogue]:
    repository = CatalogueRepository(engine, overlap=settings.catalogue_overlap)
    return Refreshing(
        "catalogue",
        repository.read,
        Catalogue(settings.newest_products),
        every=settings.availability_refresh,
    )


def _windows(settings: ApiSettings, trends: TrendsRepository) -> Refreshing[CountedWindows]:
    uncounted: CountedWindows = {}
    return Refreshing(
        "windows",
        lambda _: trends.read_windows(),
        uncounted,
        every=settings.model_refresh,
    )


def _shoppers(settings: ApiSettings, stack: AsyncExitStack, clock: Clock) -> PicksRepository:
    dynamodb = make_dynamodb(Limits(connections=settings.reads_in_flight), clock)
    stack.push_async_callback(dynamodb.close)
    shoppers = PicksRepository(
        dynamodb,
        settings.shoppers_table,
        in_flight=settings.reads_in_flight,
        queued=settings.read_queue_limit,
    )
    stack.push_async_callback(shoppers.close)
    return shoppers


async def _told(tally: PicksTally) -> None:
    tally.tell()


def _repeat(work: Callable[[], Awaitable[None]], every: timedelta, stack: AsyncExitStack) -> None:
    """Do the work again and again, from one pause on, until the stack is closed."""

    async def go_on() -> None:
        while True:
            await asyncio.sleep(every.total_seconds())
            await work()

    async def stop() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    task = asyncio.create_task(go_on())
    stack.push_async_callback(stop)


app = create_app()
