"""A shop with the real database, and for each test zones of its own in the real S3 and Glue."""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from pyiceberg.exceptions import NoSuchTableError
from sqlalchemy import Engine, create_engine, delete, insert
from sqlalchemy.orm import Session

from exporter.bootstrap import open_daily_load
from exporter.lake.catalog import open_catalog
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.lake import Table
from fashion_contracts.landing import hour_prefix
from fashion_kit.aws import client
from fashion_kit.ids import new_id
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.database import Database
from infra.local.environments import EXPORTER_PRIVILEGES
from storefront.models import Base, Product, Purchase, PurchaseLine, User

PSEUDONYM_KEY = "k" * 32
Settings = Callable[..., ExporterSettings]


@pytest.fixture(scope="session")
def exporter_url(database: Database) -> str:
    """Return the URL of a database user that has the exporter's rights and no other."""
    return database.grant("exporter_test", *EXPORTER_PRIVILEGES)


@pytest.fixture(scope="session")
def owner_engine(owner_url: str) -> Iterator[Engine]:
    engine = create_engine(owner_url)
    yield engine
    engine.dispose()


@pytest.fixture
def shop(owner_engine: Engine) -> Iterator[Session]:
    """Return a session of a shop with two products, three users and no purchase."""
    with Session(owner_engine) as session:
        _empty(session)
        began = datetime(2026, 1, 1, tzinfo=UTC)
        stamps = {"created_at": began, "updated_at": began}
        session.execute(insert(Product), [_product(i) | stamps for i in (1, 2)])
        session.execute(insert(User), [_user(i) | stamps for i in (1, 2, 3)])
        session.commit()
        yield session
        session.rollback()
        _empty(session)


@pytest.fixture
def buy(shop: Session) -> Callable[..., str]:
    """Return a function that commits a purchase at an instant and returns its id."""
    numbers = count(1)

    def buy(
        at: datetime,
        *prices: str,
        user: int = 1,
        status: str = "placed",
    ) -> str:
        purchase_id = f"{next(numbers):026d}"
        amounts = [Decimal(price) for price in prices or ("10.00",)]
        lines = [
            PurchaseLine(
                purchase_id=purchase_id,
                line_number=number,
                product_id=1 + number % 2,
                quantity=1,
                unit_price=amount,
                line_total=amount,
            )
            for number, amount in enumerate(amounts, start=1)
        ]
        purchase = Purchase(
            id=purchase_id,
            user_id=user_id(user),
            status=status,
            subtotal=sum(amounts),
            shipping=Decimal(),
            tax=Decimal(),
            total=sum(amounts),
            currency="INR",
            purchased_at=at,
            updated_at=at,
            lines=lines,
        )
        shop.add(purchase)
        shop.commit()
        return purchase_id

    return buy


@pytest.fixture
def new_zones(aws: AwsEndpoint, exporter_url: str) -> Settings:
    """Return a function that makes empty landing and clean zones, and the settings for them."""

    def new_zones(**overrides: Any) -> ExporterSettings:
        name = new_id().lower()
        s3, glue = client("s3"), client("glue")
        s3.create_bucket(Bucket=f"landing-{name}")
        s3.create_bucket(Bucket=f"clean-{name}")
        glue.create_database(DatabaseInput={"Name": f"shop_{name}"})
        given: dict[str, Any] = {
            "database_url": exporter_url,
            "landing_bucket": f"landing-{name}",
            "clean_bucket": f"clean-{name}",
            "glue_database": f"shop_{name}",
            "pseudonym_key": PSEUDONYM_KEY,
        }
        return ExporterSettings(**given | overrides)

    return new_zones


@pytest.fixture
def zones(new_zones: Settings) -> ExporterSettings:
    """Return the settings of empty zones."""
    return new_zones()


@pytest.fixture
def load(shop: Session) -> Callable[..., LoadReport]:
    """Return a function that loads a day; the clock stands long after it unless one is given."""

    def load(settings: ExporterSettings, day: date, **wiring: Any) -> LoadReport:
        wiring = {"clock": lambda: datetime(2030, 1, 1, tzinfo=UTC)} | wiring
        with open_daily_load(settings, **wiring) as daily_load:
            return daily_load.run(day)

    return load


@pytest.fixture
def rows(aws: AwsEndpoint) -> Callable[[ExporterSettings, Table], list[dict[str, Any]]]:
    """Return a function that reads a table as an analyst does, in the order of its key."""
    catalog = open_catalog()

    def rows(settings: ExporterSettings, table: Table) -> list[dict[str, Any]]:
        try:
            found = catalog.load_table((settings.glue_database, table.name)).scan().to_arrow()
        except NoSuchTableError:
            return []
        return sorted(found.to_pylist(), key=lambda row: [row[name] for name in table.key])

    return rows


@pytest.fixture
def deliver(aws: AwsEndpoint) -> Callable[..., str]:
    """Return a function that puts an object into the landing zone and returns its key."""
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(1))

    def deliver(settings: ExporterSettings, at: datetime, *lines: Any, **how: Any) -> str:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        payload = gzip.compress("\n".join(texts).encode() + how.get("end", b"\n"))
        key = f"{hour_prefix(at)}clickstream-{next(numbers[settings.landing_bucket]):06d}.gz"
        body = how["damage"](payload) if "damage" in how else payload
        client("s3").put_object(Bucket=settings.landing_bucket, Key=key, Body=body)
        return key

    return deliver


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    """Return a function that makes a landing zone line as the storefront writes it."""

    def event(event_id: str, received_at: datetime, **fields: Any) -> dict[str, Any]:
        happened = received_at - timedelta(seconds=1)
        return {
            "event_id": event_id,
            "schema": "interaction/1",
            "type": "product_view",
            "user_id": user_id(1),
            "session_id": "visit-1",
            "product_id": 1,
            "event_time": happened.isoformat(),
            "received_at": received_at.isoformat(),
        } | fields

    return event


@pytest.fixture
def objects(aws: AwsEndpoint) -> Callable[[str], dict[str, bytes]]:
    """Return a function that reads every object of a bucket."""

    def objects(bucket: str) -> dict[str, bytes]:
        s3 = client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    return objects


def user_id(number: int) -> str:
    return f"USER{number:022d}"


def _empty(session: Session) -> None:
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(delete(table))
    session.commit()


def _product(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "gender": "Women",
        "master_category": "Apparel",
        "sub_category": "Topwear",
        "article_type": "Shirts",
        "base_colour": None,
        "season": "Fall",
        "year": 2012,
        "usage": "Casual",
        "product_display_name": f"  Shirt   no. {number} ",
        "price": Decimal("19.99"),
        "currency": "INR",
        "stock": 5,
        "is_active": True,
        "version": 1,
    }


def _user(number: int) -> dict[str, Any]:
    return {
        "id": user_id(number),
        "username": f"username{number}",
        "first_name": "Quirina",
        "last_name": "Zwetschgenbaum",
        "email": f"quirina{number}@mailbox.example",
        "phone": "+84 90 5551234",
        "address": "17 Unmistakable Lane",
        "sex": "F",
        "birthdate": date(1990, 5, 17),
        "role": "customer",
        "password_hash": "argon2-unmistakable",
    }
