"""The storefront under test: its own schema, the real stream, and the API behind a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from threading import Thread
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from sqlalchemy import Engine, delete, make_url
from sqlalchemy.orm import Session

from fashion_contracts.events import Interaction
from fashion_kit import aws as kit_aws
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from infra.local.database import Database
from infra.local.keys import Keys
from infra.local.resources import Resources
from storefront.app import create_app
from storefront.database import Sessions, migrate, open_engine, sessions_of
from storefront.models import Base, OutboxLane, Product, User
from storefront.settings import StorefrontSettings
from storefront.stream import StreamPublisher

SCHEMA = "storefront_tests"
PASSWORD = "correct horse battery"
START_SECONDS = 60

MakeProduct = Callable[..., int]


@dataclass(frozen=True)
class Shopper:
    """A registered user with a client that carries their token."""

    id: str
    client: httpx.Client

    def buy(
        self, product_id: int, quantity: int = 1, *, key: str | None = None, **line: Any
    ) -> httpx.Response:
        """Buy one product."""
        lines = [{"product_id": product_id, "quantity": quantity, **line}]
        return self.purchase({"lines": lines}, key=key)

    def purchase(self, body: dict[str, Any], *, key: str | None = None) -> httpx.Response:
        """Send a purchase."""
        headers = {"Idempotency-Key": key or new_id()}
        return self.client.post("/purchases", json=body, headers=headers)


@dataclass
class StreamReader:
    """Reads what was put on the stream since the test began."""

    client: Any
    iterators: list[str] = field(default_factory=list)

    def read(self) -> list[Interaction]:
        """Return every interaction that came since the last reading."""
        found = []
        for at, iterator in enumerate(self.iterators):
            answer = self.client.get_records(ShardIterator=iterator)
            self.iterators[at] = answer["NextShardIterator"]
            found += [Interaction.from_record(record["Data"]) for record in answer["Records"]]
        return found


@pytest.fixture(scope="session")
def storefront_url(database: Database) -> str:
    """Return the owner's URL of a migrated schema of these tests' own."""
    database.execute(f"CREATE DATABASE {SCHEMA}")
    url = make_url(database.owner_url).set(database=SCHEMA)
    migrate(url.render_as_string(hide_password=False))
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def storefront_settings(
    storefront_url: str, resources: Resources, tmp_path_factory: pytest.TempPathFactory
) -> StorefrontSettings:
    """Return settings that lead to the test's servers, with passwords that cost nothing."""
    keys = Keys.in_folder(tmp_path_factory.mktemp("keys"))
    return StorefrontSettings(
        database_url=SecretStr(storefront_url),
        event_stream=resources.event_stream,
        landing_bucket=resources.landing_bucket,
        token_private_key_file=keys.token_private,
        catalogue_max_age=timedelta(0),
        user_requests_per_minute=0,
        address_requests_per_minute=0,
        credential_requests_per_minute=0,
        password_memory_kib=8,
        password_passes=1,
        log_level="WARNING",
    )


@pytest.fixture(scope="session")
def storefront_engine(storefront_settings: StorefrontSettings) -> Iterator[Engine]:
    """Return the service's engine on the schema."""
    engine = open_engine(storefront_settings)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(storefront_engine: Engine) -> Sessions:
    """Return sessions on the schema, emptied of what the tests before left."""
    with storefront_engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            if table is not OutboxLane.__table__:
                connection.execute(delete(table))
    return sessions_of(storefront_engine)


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """Return one session that looks at what others committed."""
    with sessions() as session:
        yield session


@pytest.fixture
def make_product(sessions: Sessions) -> MakeProduct:
    """Return a maker of products on sale, which returns their ids."""
    ids = iter(range(1, 10_000))

    def make(**values: Any) -> int:
        now = utc_now()
        defaults = {"id": next(ids), "price": Decimal("499.50"), "currency": "INR", "stock": 10}
        with sessions() as session:
            product = Product(**defaults | {"created_at": now, "updated_at": now} | values)
            session.add(product)
            session.commit()
            return product.id

    return make


@pytest.fixture(scope="session")
def storefront_server(storefront_settings: StorefrontSettings) -> Iterator[str]:
    """Return the address of the API, served over a real socket."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(storefront_settings), log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listener],))
    thread.start()
    deadline = monotonic() + START_SECONDS
    while not server.started and thread.is_alive() and monotonic() < deadline:
        sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def client(storefront_server: str, sessions: Sessions) -> Iterator[httpx.Client]:
    """Return a stranger's client, on an empty shop."""
    with httpx.Client(base_url=storefront_server, timeout=30) as client:
        yield client


@pytest.fixture
def register(client: httpx.Client) -> Iterator[Callable[[], Shopper]]:
    """Return a maker of registered shoppers."""
    opened: list[httpx.Client] = []

    def make() -> Shopper:
        name = new_id().lower()
        names = {"username": name, "email": f"{name}@example.in"}
        person = {"first_name": "Asha", "last_name": "Rao", "password": PASSWORD}
        user = client.post("/users", json=names | person).json()
        form = {"username": name, "password": PASSWORD}
        token = client.post("/token", data=form).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        opened.append(httpx.Client(base_url=client.base_url, headers=bearer, timeout=30))
        return Shopper(user["id"], opened[-1])

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def shopper(register: Callable[[], Shopper]) -> Shopper:
    """Return a registered shopper."""
    return register()


@pytest.fixture
def user_id(sessions: Sessions) -> str:
    """Return a user who is in the database, without going through the API."""
    now = utc_now()
    names = {"username": "asha", "email": "asha@example.in", "first_name": "A", "last_name": "R"}
    with sessions() as session:
        user = User(id=new_id(), password_hash="x", created_at=now, updated_at=now, **names)
        session.add(user)
        session.commit()
        return user.id


@pytest.fixture
def stream(resources: Resources) -> StreamReader:
    """Return a reader of what is put on the stream from now on."""
    client = kit_aws.client("kinesis")
    name = resources.event_stream
    shards = client.list_shards(StreamName=name)["Shards"]
    return StreamReader(
        client,
        [
            client.get_shard_iterator(
                StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
            )["ShardIterator"]
            for shard in shards
        ],
    )


@pytest.fixture
def publisher(resources: Resources) -> StreamPublisher:
    """Return the real way to the stream."""
    return StreamPublisher(kit_aws.client("kinesis"), resources.event_stream)


InProcess = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def in_process(storefront_settings: StorefrontSettings, sessions: Sessions) -> InProcess:
    """Return a way to run the API in this process, with parts of its state replaced."""

    @asynccontextmanager
    async def serve(
        settings: dict[str, Any] | None = None,
        on_open: Callable[[dict[str, Any]], None] = lambda _: None,
        **replaced: Any,
    ) -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(storefront_settings.model_copy(update=settings or {}))
        async with app.router.lifespan_context(app) as opened:
            state = {**(opened or {}), **replaced}
            on_open(state)

            async def with_state(scope: Any, receive: Any, send: Any) -> None:
                await app({**scope, "state": dict(state)}, receive, send)

            transport = httpx.ASGITransport(with_state, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
                async with asyncio.timeout(30):
                    yield client

    return serve
