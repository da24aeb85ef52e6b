"""The storefront's REST API, put together: `uvicorn storefront.app:app`."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from fashion_kit import logs
from fashion_kit.clock import Clock, utc_now
from fashion_kit.garbage import calm_garbage_collection
from fashion_kit.ids import IdFactory, new_id
from fashion_kit.metrics import install_metrics
from fashion_kit.problems import install_problem_handlers
from fashion_kit.request_traces import traced_requests
from fashion_kit.tokens import TokenVerifier
from storefront import health
from storefront.carts import endpoints as carts
from storefront.catalogue import admin_endpoints as catalogue_admin
from storefront.catalogue import endpoints as catalogue
from storefront.catalogue.images import endpoints as catalogue_images
from storefront.database import Sessions, open_engine, sessions_of
from storefront.edge import install_edge, open_edge
from storefront.error_handlers import install_error_handlers
from storefront.events import admin_endpoints, dev_endpoints, schema_endpoints
from storefront.events import endpoints as events
from storefront.events.fast_path import EventsFastPath
from storefront.events.intake import open_intake
from storefront.invoices import endpoints as invoices
from storefront.payments import endpoints as payments
from storefront.payments.dependencies import open_payments
from storefront.purchases import checkout_endpoints as checkout
from storefront.purchases import endpoints as purchases
from storefront.purchases import lifecycle_endpoints as lifecycle
from storefront.purchases.desk import BatchWriter, PurchaseDesk
from storefront.purchases.fast_path import PurchasesFastPath
from storefront.search.catalogue_copy import CatalogueCopier
from storefront.search.refresh import LiveIndex
from storefront.settings import StorefrontSettings
from storefront.tokens import endpoints as token_endpoints
from storefront.tokens.keys import open_tokens
from storefront.turns import Turns
from storefront.users import endpoints as users
from storefront.users.passwords import Passwords

SERVICE = "storefront"
ROUTERS = (
    health.router,
    catalogue.router,
    token_endpoints.router,
    catalogue_admin.router,
    catalogue_images.router,
    users.router,
    carts.router,
    purchases.router,
    lifecycle.router,
    payments.router,
    invoices.router,
    checkout.router,
    events.router,
    admin_endpoints.router,
    schema_endpoints.router,
)


def create_app(
    settings: StorefrontSettings | None = None,
    *,
    clock: Clock = utc_now,
    id_factory: IdFactory = new_id,
) -> FastAPI:
    """Return the API. Settings not given are read from the environment when it starts."""
    app = FastAPI(
        title="Fashion store: storefront",
        description="Catalogue, users, carts, purchases and the intake of interaction events.",
        version="1",
        lifespan=_lifespan_of(settings, clock, id_factory),
        redirect_slashes=False,
        # Prometheus counts; looking for OpenTelemetry costs more than some endpoints.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    install_problem_handlers(app)
    install_error_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    events.document_batch(app)
    app.add_middleware(EventsFastPath)
    app.add_middleware(PurchasesFastPath)
    install_edge(app)
    install_metrics(app)
    return app


def _lifespan_of(
    given: StorefrontSettings | None, clock: Clock, id_factory: IdFactory
) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Any]]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        settings = given or StorefrontSettings()
        if settings.development:
            app.include_router(dev_endpoints.router)
        logs.configure(settings.log_level, settings.log_format, service=SERVICE)
        current_default_thread_limiter().total_tokens = settings.request_threads
        async with AsyncExitStack() as stack:
            stack.enter_context(traced_requests(app, SERVICE))
            tokens = open_tokens(settings, clock)
            verifier: TokenVerifier = tokens["verifier"]
            database = _open_database(settings, stack)
            sessions = database["sessions"]
            state = {
                "settings": settings,
                "clock": clock,
                "new_id": id_factory,
                **tokens,
                **open_edge(settings),
                "passwords": Passwords(settings.password_memory_kib, settings.password_passes),
                **database,
                **_open_purchases(settings, stack, sessions, clock, id_factory),
                **open_payments(settings, stack, sessions, clock=clock, new_id=id_factory),
                **await open_intake(
                    settings, stack, clock=clock, new_id=id_factory, identify=verifier.identify
                ),
            }
            stack.enter_context(calm_garbage_collection())
            yield state

    return lifespan


def _open_database(settings: StorefrontSettings, stack: AsyncExitStack) -> dict[str, Any]:
    engine = open_engine(settings)
    stack.callback(engine.dispose)
    longest_wait = timedelta(seconds=settings.database_pool_timeout_seconds)
    sessions = sessions_of(engine)
    return {
        "sessions": sessions,
        "live_index": _open_search(settings, stack, sessions),
        "turns": Turns(settings.request_threads, longest_wait),
    }


def _open_search(
    settings: StorefrontSettings, stack: AsyncExitStack, sessions: Sessions
) -> LiveIndex:
    copier = CatalogueCopier(sessions, overlap=settings.catalogue_overlap)
    live_index = LiveIndex(copier, settings.catalogue_max_age)
    # Read before somebody asks; left before the engine, whose connection it uses.
    live_index.start()
    stack.push_async_callback(live_index.close)
    return live_index


def _open_purchases(
    settings: StorefrontSettings,
    stack: AsyncExitStack,
    sessions: Sessions,
    clock: Clock,
    id_factory: IdFactory,
) -> dict[str, Any]:
    pool = ThreadPoolExecutor(settings.purchase_batches_in_flight, "purchases")
    writer = BatchWriter(sessions, settings, clock=clock, new_id=id_factory)
    desk = PurchaseDesk(writer, stack.enter_context(pool), settings)
    stack.push_async_callback(desk.drain)
    return {"purchases": desk}


app = create_app()
