"""Both services as `make up` runs them, over a schema of their own, and everybody who may ask."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, func, insert, make_url, select

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.database import Database
from infra.local.environments import DatabaseUrls, Environments
from infra.local.keys import Keys
from infra.local.resources import Resources
from infra.local.services import SERVICES, Service
from infra.local.settings import LocalSettings
from storefront.database import migrate, open_engine, run_in_transaction, sessions_of
from storefront.models import Product
from storefront.settings import DatabaseSettings
from storefront.users.roles import GrantedRole, grant_role

SCHEMA = "security_tests"
PASSWORD = "correct horse battery"
SIGNING_KEY = "the provider's and ours"
ORIGIN = "https://shop.example"
WAIT_SECONDS = 1
HEAD_LIMIT = 8 * 1024
BODY_LIMIT = 16 * 1024
SETTINGS: dict[str, str] = {
    f"{service}_{name}": value
    for service in ("STOREFRONT", "RECOMMENDER")
    for name, value in {
        "REQUEST_HEAD_LIMIT_BYTES": str(HEAD_LIMIT),
        "REQUEST_HEAD_TIMEOUT": f"PT{WAIT_SECONDS}S",
        "ANSWER_TIMEOUT": f"PT{WAIT_SECONDS}S",
        "REQUEST_BODY_LIMIT_BYTES": str(BODY_LIMIT),
        "REQUEST_BODY_TIMEOUT": f"PT{WAIT_SECONDS}S",
        "CORS_ORIGINS": f'["{ORIGIN}"]',
    }.items()
} | {
    "STOREFRONT_USER_REQUESTS_PER_MINUTE": "0",
    "STOREFRONT_PASSWORD_MEMORY_KIB": "8",
    "STOREFRONT_PASSWORD_PASSES": "1",
    "STOREFRONT_PAYMENT_SIGNING_KEY": SIGNING_KEY,
    "STOREFRONT_LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True)
class Person:
    """Somebody who asks, with what they ask by."""

    id: str
    bearer: dict[str, str]
    username: str = ""
    anonymous_token: str = ""


@dataclass
class Shop:
    """The running services, and ways to come by what they are asked for."""

    services: dict[str, Service]
    engine: Engine
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    @property
    def storefront(self) -> httpx.Client:
        """Return a stranger's client of the storefront."""
        return self.clients["storefront"]

    def add_product(self) -> int:
        """Put a product on sale."""
        now = utc_now()
        row = {"price": Decimal("499.50"), "currency": "INR", "stock": 1_000}
        with self.engine.begin() as connection:
            product_id = int(connection.scalar(select(func.max(Product.id))) or 0) + 1
            times = {"created_at": now, "updated_at": now}
            connection.execute(insert(Product), [{"id": product_id} | row | times])
        return product_id

    def add_person(self, role: GrantedRole = "customer") -> Person:
        """Register somebody, and log them in."""
        name = f"u{new_id()}".lower()
        details = {"first_name": f"First-{name}", "last_name": "Rao", "phone": "+911234567890"}
        names = {"username": name, "email": f"{name}@example.in", "password": PASSWORD}
        person = self.storefront.post("/users", json=details | names)
        assert person.status_code == 201, person.text
        if role != "customer":

            def grant(session: Any) -> None:
                grant_role(session, name, role, now=utc_now())

            run_in_transaction(sessions_of(self.engine), grant, attempts=3)
        form = {"username": name, "password": PASSWORD}
        token = self.storefront.post("/token", data=form).json()["access_token"]
        return Person(person.json()["id"], {"Authorization": f"Bearer {token}"}, name)

    def add_guest(self) -> Person:
        """Begin a visit of somebody who is not logged in."""
        told = self.storefront.post("/anonymous-shoppers").json()
        token = told["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        return Person(told["anonymous_id"], bearer, anonymous_token=token)


@pytest.fixture(scope="session")
def shop(
    database: Database,
    aws: AwsEndpoint,
    resources: Resources,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    """Return both services, started by the command lines of `make up`."""
    folder = tmp_path_factory.mktemp("security")
    url = own_schema(database, SCHEMA)
    environments = Environments(
        settings=LocalSettings(),
        aws=aws.environment(),
        urls=DatabaseUrls(url, url, url, url),
        resources=resources,
        keys=Keys.in_folder(folder / "keys"),
        folder=folder,
        overrides=SETTINGS,
    )
    definitions = [one for one in SERVICES if one.is_http]
    services = {one.name: Service(one, folder) for one in definitions}
    engine = open_engine(DatabaseSettings.model_validate({"database_url": url}))
    opened = Shop(services, engine)
    # The recommender reads the catalogue when it starts.
    opened.add_product()
    try:
        for service in services.values():
            service.start(environments)
        for name, service in services.items():
            service.wait_until_ready()
            opened.clients[name] = httpx.Client(base_url=str(service.url), timeout=30)
        yield opened
    finally:
        for service in services.values():
            service.process.stop()
        for client in opened.clients.values():
            client.close()
        engine.dispose()


def own_schema(database: Database, name: str) -> str:
    """Make a migrated schema; return its owner's URL."""
    database.execute(f"CREATE DATABASE {name}")
    url = make_url(database.owner_url).set(database=name).render_as_string(hide_password=False)
    migrate(url)
    return url


@pytest.fixture(scope="session")
def logs(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return where the services log."""
    return [service.process.log for service in shop.services.values()]
