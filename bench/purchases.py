"""Purchases: our POST /purchases against one ORM transaction for each request, on one MariaDB."""

import json
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
from sqlalchemy import insert

from bench.load import Outcome, closed_loop, post
from bench.servers import cpu_seconds, environment_of, medians, serving
from fashion_kit.clock import utc_now
from fashion_kit.mysql import mysql_engine
from infra.local.database import Database
from storefront.database import migrate
from storefront.models import Product

CONNECTIONS = 32
PRODUCTS = 1_000
STOCK = 1_000_000_000
ROUNDS = 3
ROUND_SECONDS = 3
WARM_UP_SECONDS = 1
GOAL_TIMES_FASTER = 6
GOAL_P99_MS = 40
GOAL_HOT_SHARE = 0.8

PLAIN = "one ORM transaction each"
OURS = "committed together"


def run() -> dict[str, Any]:
    """Return the rates of both ways, measured in turns, and what became of the goals."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        database = stack.enter_context(_database(folder))
        url = database.grant("shop", f"ALL ON `{database.name}`.*")
        environment = environment_of(folder, url)
        plain = stack.enter_context(serving("bench.orm_purchases_app:app", environment, folder))
        ours = stack.enter_context(serving("storefront.app:app", environment, folder))
        tokens = [_register(ours[1], number) for number in range(CONNECTIONS)]
        uniform, hot = _requests(tokens, is_hot=False), _requests(tokens, is_hot=True)
        cases = {
            f"{PLAIN}, {PRODUCTS:,} products": (*plain, uniform),
            f"{OURS}, {PRODUCTS:,} products": (*ours, uniform),
            f"{PLAIN}, one of them in all": (*plain, hot),
            f"{OURS}, one of them in all": (*ours, hot),
        }
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in cases}
        for server, port, requests in cases.values():
            _measure(server, database, port, requests, WARM_UP_SECONDS)
        for _ in range(ROUNDS):
            for name, (server, port, requests) in cases.items():
                rounds[name].append(_measure(server, database, port, requests, ROUND_SECONDS))
    variants = [{"variant": name} | medians(figures) for name, figures in rounds.items()]
    plain_rate, ours_rate, plain_hot, ours_hot = (one["purchases_per_s"] for one in variants)
    return {
        "title": f"POST /purchases, {CONNECTIONS} connections, 1-3 lines",
        "variants": variants,
        "times_faster": round(ours_rate / plain_rate, 2),
        "goal_times_faster": GOAL_TIMES_FASTER,
        "times_faster_hot": round(ours_hot / plain_hot, 2),
        "hot_share_of_uniform": round(ours_hot / ours_rate, 2),
        "goal_hot_share_of_uniform": GOAL_HOT_SHARE,
        "goal_p99_ms": GOAL_P99_MS,
    }


def _requests(tokens: list[str], *, is_hot: bool) -> Iterator[bytes]:
    """Yield purchases of 1 to 3 products by one user after another, each under a new key.

    A hot one has product 1 among them: as much work as any other, but on one row of the stock.
    """
    draw = random.Random(is_hot)  # noqa: S311 - what is bought is no secret
    for number, token in zip(count(), cycle(tokens), strict=False):
        bought = draw.sample(range(2, PRODUCTS + 1), k=draw.randint(1, 3))
        if is_hot:
            bought[0] = 1
        body = {"lines": [{"product_id": one, "quantity": 1} for one in bought]}
        yield post(
            "/purchases",
            json.dumps(body).encode(),
            f"authorization: Bearer {token}",
            f"idempotency-key: {'hot' if is_hot else 'any'}-{number}",
        )


def _measure(
    server: psutil.Process,
    database: Database,
    port: int,
    requests: Iterator[bytes],
    seconds: float,
) -> dict[str, float]:
    books = psutil.Process(database.pid)
    before = cpu_seconds(server), cpu_seconds(books)
    outcome: Outcome = closed_loop(port, requests, connections=CONNECTIONS, seconds=seconds)
    answered = len(outcome.milliseconds)
    return {
        "purchases_per_s": round(outcome.rate, 1),
        "p50_ms": round(outcome.percentile(50), 1),
        "p99_ms": round(outcome.percentile(99), 1),
        "cpu_us": round((cpu_seconds(server) - before[0]) * 1e6 / answered, 1),
        "database_cpu_us": round((cpu_seconds(books) - before[1]) * 1e6 / answered, 1),
        "failures": float(outcome.failures),
    }


def _register(port: int, number: int) -> str:
    name = f"shopper{number}"
    person = {"first_name": "Asha", "last_name": "Rao", "password": "correct horse battery"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        account = {"username": name, "email": f"{name}@example.in", **person}
        client.post("/users", json=account).raise_for_status()
        form = {"username": name, "password": person["password"]}
        token = client.post("/token", data=form).raise_for_status().json()["access_token"]
        return str(token)


@contextmanager
def _database(folder: Path) -> Iterator[Database]:
    database = Database(folder / "database")
    database.start()
    try:
        migrate(database.owner_url)
        _stock_shelves(database)
        yield database
    finally:
        database.stop()


def _stock_shelves(database: Database) -> None:
    now = utc_now()
    same = {"currency": "INR", "stock": STOCK, "created_at": now, "updated_at": now}
    products = [{"id": number, "price": 100 + number, **same} for number in range(1, PRODUCTS + 1)]
    engine = mysql_engine(database.owner_url, pool_size=1)
    with engine.begin() as connection:
        connection.execute(insert(Product), products)
    engine.dispose()
