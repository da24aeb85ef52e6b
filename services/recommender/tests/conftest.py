"""Shoppers, events and stores for the recommender's tests; servers come from infra.testing."""

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr
from sqlalchemy import text

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import Attributes, Shopper
from fashion_kit.aws import client
from fashion_kit.dynamodb.client import Limits, make_dynamodb
from fashion_kit.mysql import mysql_engine
from infra.local.database import Database
from infra.local.resources import Resources
from infra.names import EXPIRY_ATTRIBUTE
from recommender.errors import ShopperChangedError
from recommender.interactions.records import StreamRecord
from recommender.interactions.repository import ShoppersRepository
from recommender.interactions.service import InteractionsService
from recommender.model.artefact import Model, ModelContent, ModelProduct, to_bytes
from recommender.model.layers import LayeredModel, layered
from recommender.model.repository import ModelRepository
from recommender.picks.rankers import Rankers
from recommender.refreshing import Refreshing
from recommender.settings import ApiSettings, InteractionsSettings
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import Trends

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)

EventMaker = Callable[..., Interaction]
RecordMaker = Callable[[Iterable[Interaction]], list[StreamRecord]]
ServiceMaker = Callable[[ShoppersRepository], InteractionsService]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Undo what an app, a Lambda or a command configures for its own process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def event() -> EventMaker:
    """Return a maker of events: each a minute after the one before, unless told otherwise."""
    numbers = count()

    def make(
        product_id: int | None = 1,
        type_: EventType = EventType.PRODUCT_VIEW,
        *,
        shopper: str = "shopper",
        at: datetime | None = None,
        event_id: str | None = None,
        **more: Any,
    ) -> Interaction:
        number = next(numbers)
        instant = at or NOON + timedelta(minutes=number)
        return Interaction.model_validate(
            {
                "event_id": event_id or f"event-{number}",
                "type": type_,
                "user_id": shopper,
                "session_id": "s",
                "product_id": product_id,
                "event_time": instant,
                "received_at": instant,
            }
            | more
        )

    return make


@pytest.fixture
def records() -> RecordMaker:
    """Return a maker of stream records, with sequence numbers as long as Kinesis' own."""
    numbers = count(10**55)

    def make(events: Iterable[Interaction]) -> list[StreamRecord]:
        return [StreamRecord(str(next(numbers)), event.to_record()) for event in events]

    return make


class MemoryShoppers(ShoppersRepository):
    """The shoppers table in memory: what it holds has been packed as DynamoDB's items are."""

    def __init__(self) -> None:
        self.items: dict[str, Attributes] = {}

    def known(self, user_id: str) -> Shopper:
        item = self.items.get(user_id)
        return Shopper.from_attributes(item) if item else Shopper(user_id)

    async def get(self, user_id: str) -> Shopper:
        return self.known(user_id)

    async def get_many(self, user_ids: Iterable[str]) -> dict[str, Shopper]:
        return {user_id: self.known(user_id) for user_id in user_ids}

    async def put(self, shopper: Shopper, *, instead_of: Shopper) -> None:
        if self.known(shopper.user_id).sequence != instead_of.sequence:
            raise ShopperChangedError(shopper.user_id)
        self.items[shopper.user_id] = shopper.to_attributes()


@pytest.fixture
def memory_shoppers() -> MemoryShoppers:
    return MemoryShoppers()


@pytest.fixture
def model_bytes() -> bytes:
    """Return a model of 40 products: each one's neighbours are the next ten, nearest first.

    Products 1 and 2 are one family; odd ones are tops, even ones shoes; the newest are 39 and 40.
    """
    products = [
        ModelProduct(
            number,
            "one-and-two" if number <= 2 else f"family-{number}",
            "Topwear" if number % 2 else "Shoes",
            "Apparel" if number % 2 else "Footwear",
            "Women",
        )
        for number in range(1, 41)
    ]
    rows = {
        number: [(number + step, 1 / step) for step in range(1, 11) if number + step <= 40]
        for number in range(1, 41)
    }
    content = ModelContent(
        "model-1", NOON.isoformat(), NOON.isoformat(), products, rows, rows, newest=(40, 39)
    )
    return to_bytes(content)


@pytest.fixture
def model(model_bytes: bytes) -> Model:
    return Model.from_bytes(model_bytes)


@pytest.fixture
def layers(model: Model) -> LayeredModel | None:
    """Return the model as ranking has it, with nothing learnt since."""
    return layered(model, None, 1.0)


@pytest.fixture
def trends() -> Trends:
    return Trends({"global": tuple((number, 1 / number) for number in range(30, 40))})


@pytest.fixture
def settings() -> InteractionsSettings:
    return InteractionsSettings(
        shoppers_table="-", trends_table="-", models_table="-", model_bucket="-"
    )


@pytest.fixture
def rankers(settings: InteractionsSettings, model: Model, trends: Trends) -> Rankers:
    """Return rankers by the model and trends above, that stay as they are."""
    in_use: Model | None = model
    no_delta: Model | None = None
    every = timedelta(days=1)
    return Rankers(
        settings,
        Refreshing("model", lambda value: value, in_use, every=every),
        Refreshing("delta", lambda value: value, no_delta, every=every),
        Refreshing("trends", lambda value: value, trends, every=every),
    )


@pytest.fixture
def make_service(settings: InteractionsSettings, rankers: Rankers) -> ServiceMaker:
    """Return a maker of services over any table."""
    return lambda shoppers: InteractionsService(settings, shoppers, rankers)


@pytest.fixture
def service(make_service: ServiceMaker, memory_shoppers: MemoryShoppers) -> InteractionsService:
    """Return the service over the table in memory."""
    return make_service(memory_shoppers)


@pytest.fixture
def add_products(database: Database) -> Iterator[Callable[[Iterable[int]], None]]:
    """Return what puts products into MySQL; they are gone after the test."""
    engine = mysql_engine(database.owner_url)
    insert = text(
        "INSERT INTO products (id, gender, master_category, sub_category, article_type,"
        " base_colour, product_display_name, price, currency, stock, is_active, version,"
        " created_at, updated_at) VALUES (:id, 'Women', :master, :sub, :sub, :colour, :name,"
        " :price, 'INR', 5, 1, 1, '2026-01-01', '2026-01-01')"
    )

    def add(product_ids: Iterable[int]) -> None:
        with engine.begin() as connection:
            connection.execute(insert, [_product_row(number) for number in product_ids])

    yield add
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM products"))
    engine.dispose()


def _product_row(number: int) -> dict[str, Any]:
    master, sub = ("Apparel", "Topwear") if number % 2 else ("Footwear", "Shoes")
    colour = ("Red", "Blue", "Black")[number % 3]
    name = f"Brand{number // 6} {colour} {sub}"
    return {
        "id": number,
        "master": master,
        "sub": sub,
        "colour": colour,
        "name": name,
        "price": 100 + number,
    }


@pytest.fixture
def dynamodb(stores: Resources) -> "DynamoDBClient":
    made: DynamoDBClient = client("dynamodb")
    return made


@pytest.fixture
def s3(stores: Resources) -> "S3Client":
    made: S3Client = client("s3")
    return made


@pytest.fixture
def stores(resources: Resources) -> Iterator[Resources]:
    """Return the deployed resources with empty tables and buckets, where nothing expires.

    The tests live on days that are long past: by the endpoint's own clock their items are due.
    """
    tables: Sequence[tuple[str, tuple[str, ...]]] = (
        (resources.shoppers_table, ("user_id",)),
        (resources.trends_table, ("scope", "part")),
        (resources.models_table, ("name",)),
    )
    for table, keys in tables:
        _empty_table(table, keys)
    for bucket in (resources.landing_bucket, resources.model_bucket):
        _empty_bucket(bucket)
    _let_expire(resources, is_on=False)
    yield resources
    _let_expire(resources, is_on=True)


@pytest.fixture
def stored_settings(stores: Resources) -> InteractionsSettings:
    return InteractionsSettings(
        shoppers_table=stores.shoppers_table,
        trends_table=stores.trends_table,
        models_table=stores.models_table,
        model_bucket=stores.model_bucket,
    )


@pytest.fixture
async def shoppers(stored_settings: InteractionsSettings) -> AsyncIterator[ShoppersRepository]:
    """Return the real shoppers table."""
    made = ShoppersRepository(make_dynamodb(Limits()), stored_settings.shoppers_table)
    yield made
    await made.close()


@pytest.fixture
def stored_shopper(stores: Resources, dynamodb: "DynamoDBClient") -> Callable[[str], Shopper]:
    """Return what reads a shopper with the picks, as the API does."""

    def read(user_id: str) -> Shopper:
        key: Any = {"user_id": {"S": user_id}}
        answer: Any = dynamodb.get_item(TableName=stores.shoppers_table, Key=key)
        return Shopper.from_attributes(answer["Item"]) if "Item" in answer else Shopper(user_id)

    return read


@pytest.fixture(scope="session")
def private_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def api_settings(
    stores: Resources, database: Database, private_key: Ed25519PrivateKey, tmp_path: Path
) -> ApiSettings:
    public = private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key_file = tmp_path / "token.pub"
    key_file.write_bytes(public)
    return ApiSettings(
        shoppers_table=stores.shoppers_table,
        trends_table=stores.trends_table,
        models_table=stores.models_table,
        model_bucket=stores.model_bucket,
        database_url=SecretStr(database.grant("recommender_api", "SELECT ON products")),
        token_public_key_file=key_file,
    )


@pytest.fixture
def models(stores: Resources, dynamodb: "DynamoDBClient", s3: "S3Client") -> ModelRepository:
    return ModelRepository(dynamodb, s3, table=stores.models_table, bucket=stores.model_bucket)


@pytest.fixture
def trends_repository(stores: Resources, dynamodb: "DynamoDBClient") -> TrendsRepository:
    return TrendsRepository(dynamodb, stores.trends_table)


def _empty_table(table: str, keys: tuple[str, ...]) -> None:
    dynamodb: DynamoDBClient = client("dynamodb")
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            dynamodb.delete_item(TableName=table, Key={key: item[key] for key in keys})


def _let_expire(resources: Resources, *, is_on: bool) -> None:
    dynamodb: DynamoDBClient = client("dynamodb")
    for table in (resources.shoppers_table, resources.trends_table):
        dynamodb.update_time_to_live(
            TableName=table,
            TimeToLiveSpecification={"Enabled": is_on, "AttributeName": EXPIRY_ATTRIBUTE},
        )


def _empty_bucket(bucket: str) -> None:
    s3: S3Client = client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=entry["Key"])
