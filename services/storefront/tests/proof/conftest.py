"""A shop of real processes on a database of its own, any of which may be killed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Engine, insert

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from fashion_kit.mysql import mysql_engine
from fashion_kit.tokens import Identity, issue_token
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.database import Database
from infra.local.environments import STOREFRONT_PRIVILEGES
from infra.local.keys import Keys
from infra.local.processes import Process, free_port
from infra.local.resources import Resources
from infra.local.settings import inherited_environment
from storefront.database import migrate
from storefront.models import MovementReason, Product, StockMovement, User

READY_SECONDS = 30
TOKEN_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class Buyer:
    """Somebody with an account and a token."""

    id: str
    token: str

    @property
    def bearer(self) -> dict[str, str]:
        """Return the header that says who is asking."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class KillableShop:
    """Storefronts over one MariaDB and one stream; ports stay the same however often they die."""

    folder: Path
    database_url: str
    aws: AwsEndpoint
    resources: Resources
    keys: Keys
    servers: list[Process] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        """Return the addresses of the storefronts."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    def open(self, count: int) -> None:
        """Start so many storefronts, and wait until they are ready."""
        for number in range(count):
            self.ports.append(free_port())
            self.servers.append(Process("storefront", self.folder / f"storefront-{number}.log"))
        for number in range(count):
            self.start(number)

    def start(self, number: int) -> None:
        """Start one storefront, and wait until it is ready."""
        at = ("--host", "127.0.0.1", "--port", str(self.ports[number]))
        server = ("-m", "uvicorn", *at, "--no-access-log", "storefront.app:app")
        self.servers[number].start([sys.executable, *server], self.environment())
        self.servers[number].wait_until(lambda: self._is_ready(number), seconds=READY_SECONDS)

    def close(self) -> None:
        """Stop the storefronts."""
        for server in self.servers:
            server.stop()

    def environment(self) -> dict[str, str]:
        """Return what a storefront is told."""
        return (
            inherited_environment()
            | self.aws.environment()
            | {
                "STOREFRONT_DATABASE_URL": self.database_url,
                "STOREFRONT_EVENT_STREAM": self.resources.event_stream,
                "STOREFRONT_LANDING_BUCKET": self.resources.landing_bucket,
                "STOREFRONT_TOKEN_PRIVATE_KEY_FILE": str(self.keys.token_private),
                "STOREFRONT_USER_REQUESTS_PER_MINUTE": "0",
                "STOREFRONT_ADDRESS_REQUESTS_PER_MINUTE": "0",
                "STOREFRONT_LOG_LEVEL": "WARNING",
            }
        )

    @contextmanager
    def books(self) -> Iterator[Engine]:
        """Yield the way to the books, past every storefront."""
        engine = mysql_engine(self.database_url)
        yield engine
        engine.dispose()

    def make_buyers(self, count: int) -> list[Buyer]:
        """Register so many people at once."""
        key = load_pem_private_key(self.keys.token_private.read_bytes(), password=None)
        ids = [new_id() for _ in range(count)]
        rows = [{"id": one, "created_at": utc_now(), "updated_at": utc_now()} for one in ids]
        with self.books() as engine, engine.begin() as connection:
            connection.execute(insert(User), rows)
        return [
            Buyer(one, issue_token(Identity(one), key, now=utc_now(), lifetime=TOKEN_LIFETIME))  # type: ignore[arg-type]
            for one in ids
        ]

    def make_product(self, product_id: int, stock: int) -> int:
        """Put a product on sale, with the movement that its stock begins with."""
        now = utc_now()
        product = {
            "id": product_id,
            "price": Decimal("19.90"),
            "currency": "INR",
            "stock": stock,
            "created_at": now,
            "updated_at": now,
        }
        movement = {
            "product_id": product_id,
            "quantity": stock,
            "reason": MovementReason.INITIAL,
            "moved_at": now,
        }
        with self.books() as engine, engine.begin() as connection:
            connection.execute(insert(Product), [product])
            connection.execute(insert(StockMovement), [movement])
        return product_id

    def _is_ready(self, number: int) -> bool:
        try:
            return httpx.get(f"{self.urls[number]}/ready", timeout=2).is_success
        except httpx.TransportError:
            return False


@pytest.fixture
def killable_shop(
    own_database: Database, aws: AwsEndpoint, resources: Resources, tmp_path: Path
) -> Iterator[KillableShop]:
    """Return a shop without products, people or storefronts yet."""
    migrate(own_database.owner_url)
    # By TCP: the socket is another one after each start of the database.
    url = own_database.grant("storefront", *STOREFRONT_PRIVILEGES)
    shop = KillableShop(tmp_path, url, aws, resources, Keys.in_folder(tmp_path / "keys"))
    try:
        yield shop
    finally:
        shop.close()
