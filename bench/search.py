"""The catalogue's lists: what they cost in the service, over HTTP, and while the shop sells."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, repeat
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter, process_time
from typing import Any
from urllib.parse import urlencode

import httpx
import psutil
from sqlalchemy import Engine, update

from bench.load import closed_loop, get
from bench.servers import START_SECONDS, cpu_seconds, environment_of, serving
from fashion_kit.clock import utc_now
from fashion_kit.mysql import mysql_engine
from fashion_kit.paging import encode_cursor
from infra.local.database import Database
from storefront.catalogue.schemas import ProductQuery
from storefront.catalogue.service import ListService
from storefront.database import migrate, sessions_of
from storefront.loading.load import seed_catalogue
from storefront.models import Product
from storefront.search.catalogue_copy import CatalogueCopier, CatalogueCopy
from storefront.search.index import Index
from storefront.search.query import Sort

PRODUCTS = 44_446
SEED = 1
DEEP = 40_000
REPEATS = 400
REFRESHES = 20
CONNECTIONS = 2
SECONDS = 4
SALE_PAUSE_SECONDS = 0.01
AGE = timedelta(days=1)
GOAL_IN_SERVICE_MS = 1
GOAL_HTTP_P95_MS = 10

FACETED_NAME = "two words, two filters, count, facets"
SEARCH = {"q": "blue shirt", "gender": ["Men"], "season": ["Summer"]}
FACETED = SEARCH | {"facets": "true"}


@dataclass(frozen=True)
class Shop:
    """A database full of products, and what it takes to serve it."""

    database: Database
    engine: Engine
    folder: Path

    def serving(self) -> AbstractContextManager[tuple[psutil.Process, int]]:
        """Serve it, for the time of a block."""
        environment = environment_of(self.folder, self.database.owner_url)
        return serving("storefront.app:app", environment, self.folder)

    def sell(self, product_id: int) -> None:
        """Change of a product what a sale changes."""
        with self.engine.begin() as connection:
            connection.execute(
                update(Product)
                .where(Product.id == product_id)
                .values(units_sold=Product.units_sold + 1, updated_at=utc_now())
            )

    @contextmanager
    def sales(self, index: Index) -> Iterator[None]:
        """Sell one product after the other for the time of the block, a hundred a second."""
        is_over = Event()

        def sell_on() -> None:
            for product_id in cycle(index.columns.ids[::97].tolist()):
                self.sell(product_id)
                if is_over.wait(SALE_PAUSE_SECONDS):
                    return

        thread = Thread(target=sell_on)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()


def run() -> dict[str, Any]:
    """Return how long searches take, how large the index is, and what keeping it up costs."""
    with ExitStack() as stack:
        shop = _open(stack)
        with shop.serving() as (server, port):
            empty = _resident_bytes(server, port)
        # Long ago: a shop is not loaded every minute, and what is new is read again for one.
        seed_catalogue(shop.engine, count=PRODUCTS, seed=SEED, clock=lambda: utc_now() - AGE)
        copier = CatalogueCopier(sessions_of(shop.engine), overlap=timedelta(minutes=1))
        began = perf_counter()
        copy = copier.read(None, look_for_deleted=False)
        build_seconds = perf_counter() - began
        queries = _queries(copy.index)
        variants = _in_service(copy.index, queries)
        refreshes = _refreshes(shop, copier, copy)
        with shop.serving() as (server, port):
            full = _resident_bytes(server, port)
            variants += [_over_http(server, port, name, query) for name, query in queries.items()]
            with shop.sales(copy.index):
                name = "the first, a sale each 10 ms"
                variants.append(_over_http(server, port, name, FACETED))
    return {
        "title": f"Searches among {PRODUCTS:,} products",
        "variants": variants,
        "build_s": round(build_seconds, 2),
        "index_mb": round((full - empty) / 1e6, 1),
        **refreshes,
        "goal_in_service_ms": GOAL_IN_SERVICE_MS,
        "goal_http_p95_ms": GOAL_HTTP_P95_MS,
    }


def _queries(index: Index) -> dict[str, dict[str, Any]]:
    order = index.order(Sort.PRICE)
    deep = encode_cursor(f"price:{order.keys[DEEP]}:{order.ids[DEEP]}")
    return {
        FACETED_NAME: FACETED,
        "two words, two filters, count": SEARCH,
        "two words, one misspelled": {"q": "blue tshrit"},
        "all by price, the first page": {"sort": "price"},
        f"all by price, after {DEEP:,}": {"sort": "price", "cursor": deep},
        "all, facets": {"facets": "true"},
    }


def _in_service(index: Index, queries: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    lists = ListService(index)
    return [
        {"variant": f"service: {name}"}
        | _timed(lambda query=query: lists.page(ProductQuery(**query)))  # type: ignore[misc]
        for name, query in queries.items()
    ]


def _timed(work: Callable[[], object]) -> dict[str, float]:
    milliseconds = []
    cpu = process_time()
    for _ in range(REPEATS):
        began = perf_counter()
        work()
        milliseconds.append((perf_counter() - began) * 1000)
    return _summary(milliseconds, process_time() - cpu)


def _over_http(
    server: psutil.Process, port: int, name: str, query: dict[str, Any]
) -> dict[str, Any]:
    cpu = cpu_seconds(server)
    request = get(f"/products?{urlencode(query, doseq=True)}")
    outcome = closed_loop(port, repeat(request), connections=CONNECTIONS, seconds=SECONDS)
    if outcome.failures:
        raise RuntimeError(f"{outcome.failures} answers were no page")
    seconds = cpu_seconds(server) - cpu
    return {"variant": f"HTTP: {name}"} | _summary(outcome.milliseconds, seconds)


def _summary(milliseconds: list[float], cpu_seconds: float) -> dict[str, float]:
    return {
        "p50_ms": round(median(milliseconds), 2),
        "p95_ms": round(quantiles(milliseconds, n=100)[94], 2),
        "cpu_us": round(cpu_seconds * 1e6 / len(milliseconds), 1),
    }


def _refreshes(shop: Shop, copier: CatalogueCopier, copy: CatalogueCopy) -> dict[str, float]:
    """Return what it costs to follow one sale, and a second of a hundred sales."""
    ids = copy.index.columns.ids
    figures = {}
    for name, sales in (("refresh_after_one_sale", 1), ("refresh_after_100_sales", 100)):
        milliseconds, cpu = [], 0.0
        for at in range(REFRESHES):
            for product_id in ids[at * sales : (at + 1) * sales].tolist():
                shop.sell(product_id)
            cpu -= process_time()
            began = perf_counter()
            copy = copier.read(copy, look_for_deleted=False)
            milliseconds.append((perf_counter() - began) * 1000)
            cpu += process_time()
        figures[f"{name}_ms"] = round(median(milliseconds), 2)
        figures[f"{name}_cpu_ms"] = round(cpu * 1000 / REFRESHES, 2)
    return figures


def _resident_bytes(server: psutil.Process, port: int) -> int:
    httpx.get(f"http://127.0.0.1:{port}/products", timeout=START_SECONDS).raise_for_status()
    return server.memory_info().rss


def _open(stack: ExitStack) -> Shop:
    folder = Path(stack.enter_context(TemporaryDirectory()))
    database = Database(folder)
    database.start()
    stack.callback(database.stop)
    migrate(database.owner_url)
    engine = mysql_engine(database.owner_url)
    stack.callback(engine.dispose)
    return Shop(database, engine, folder)
