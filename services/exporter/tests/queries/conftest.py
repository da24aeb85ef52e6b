"""Two days of a small shop, in a lake of its own."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from exporter.lake.catalog import open_catalog
from exporter.lake.tables import iceberg_schema, partition_spec
from exporter.queries import LakeQueries
from fashion_contracts.lake import EVENTS, PRODUCTS, PURCHASE_LINES, Table
from fashion_contracts.marts import PRODUCT_DAILY
from fashion_kit import aws as kit_aws
from fashion_kit.ids import new_id
from infra.local.aws_endpoint import AwsEndpoint

TODAY = date(2026, 3, 8)
YESTERDAY = date(2026, 3, 7)


class Lake:
    """A Glue database of its own, with the contract's tables."""

    def __init__(self, catalog: Catalog, name: str) -> None:
        self.name = name
        self._catalog = catalog
        self.queries = LakeQueries(name, catalog=catalog)

    def create(self, table: Table) -> None:
        schema = iceberg_schema(table)
        self._catalog.create_table(
            (self.name, table.name),
            schema,
            location=f"s3://{self.name}/{table.name}",
            partition_spec=partition_spec(table, schema),
        )

    def add(self, table: Table, *rows: dict[str, Any]) -> None:
        stored = self._catalog.load_table((self.name, table.name))
        stored.append(pa.Table.from_pylist(list(rows), schema=stored.schema().as_arrow()))

    def value(self, expression: str) -> Any:
        """Return what an expression comes to, over one row of `events`."""
        return self.queries.query(f"SELECT {expression} FROM events LIMIT 1").rows[0][0]  # noqa: S608


def product(number: int, name: str, sub_category: str) -> dict[str, Any]:
    return {
        "id": number,
        "product_display_name": name,
        "article_type": sub_category,
        "sub_category": sub_category,
        "price": Decimal("100.00"),
        "currency": "INR",
        "stock": 5,
        "is_active": True,
        "updated_at": datetime(2026, 3, 1, tzinfo=UTC),
    }


def line(purchase: str, product_id: int, quantity: int, user: str, day: date) -> dict[str, Any]:
    return {
        "purchase_id": purchase,
        "line_number": 1,
        "user_key": user,
        "product_id": product_id,
        "quantity": quantity,
        "unit_price": Decimal("100.10"),
        "line_total": quantity * Decimal("100.10"),
        "currency": "INR",
        "purchased_at": datetime(2026, 3, 8, 3, tzinfo=UTC),
        "business_day": day,
    }


def event(shopper: str, kind: str, product_id: int | None, day: date = TODAY) -> dict[str, Any]:
    return {
        "event_id": new_id(),
        "type": kind,
        "shopper_key": shopper,
        "is_anonymous": False,
        "session_id": "visit",
        "product_id": product_id,
        "event_time": datetime(2026, 3, 7, 23, 30, tzinfo=UTC),
        "received_at": datetime(2026, 3, 8, 0, 30, tzinfo=UTC),
        "business_day": day,
    }


def new_lake() -> Lake:
    name = f"lake-{new_id().lower()}"
    kit_aws.client("s3").create_bucket(Bucket=name)
    catalog = open_catalog()
    catalog.create_namespace(name)
    lake = Lake(catalog, name)
    for table in (EVENTS, PRODUCTS, PURCHASE_LINES, PRODUCT_DAILY):
        lake.create(table)
    return lake


@pytest.fixture(scope="module")
def lake(aws: AwsEndpoint) -> Lake:
    """Return a lake with two days of a small shop."""
    lake = new_lake()
    lake.add(PRODUCTS, product(1, "Blue shirt", "Topwear"), product(2, "Red shoe", "Shoes"))
    lake.add(
        PURCHASE_LINES,
        line("P1", 1, 2, "ann", TODAY),
        line("P2", 2, 5, "bob", TODAY),
        line("P3", 1, 1, "bob", TODAY),
        line("P4", 7, 1, "eve", TODAY),
        line("P0", 1, 99, "ann", YESTERDAY),
    )
    lake.add(
        EVENTS,
        event("ann", "product_view", 1),
        event("ann", "add_to_cart", 1),
        event("ann", "purchase", 1),
        event("bob", "list_click", 2),
        event("bob", "add_to_cart", 2),
        event("cid", "product_view", 2),
        event("dan", "purchase", 2),
        event("eve", "search", None),
        *[event("ann", "product_view", 2, YESTERDAY) for _ in range(14)],
    )
    lake.add(
        PRODUCT_DAILY,
        {
            "product_id": 2,
            "views": 2,
            "viewers": 2,
            "carts": 1,
            "purchases": 1,
            "units": 5,
            "revenue": Decimal("500.50"),
            "business_day": TODAY,
        },
    )
    return lake
