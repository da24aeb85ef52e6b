"""A lake made by hand, and the marts over it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from exporter.lake.catalog import open_catalog
from exporter.lake.iceberg import Lake
from exporter.lake.staging import FileSizes
from exporter.lake.tables import as_batch
from exporter.marts.definitions import ALL_MARTS
from exporter.marts.service import Marts
from exporter.queries import LakeQueries
from fashion_contracts.lake import EVENTS, PRODUCTS, PURCHASE_LINES, PURCHASES, TABLES, Table
from fashion_contracts.marts import MARTS
from fashion_kit.aws import client
from fashion_kit.ids import new_id
from infra.local.aws_endpoint import AwsEndpoint

DAY = date(2026, 3, 8)
LIMITS: dict[str, Any] = {"trend_shoppers": 3, "trend_z_score": 2.0, "pair_baskets": 2}


@dataclass
class HandMadeLake:
    """A lake whose days are written one row at a time, and loaded when they have any."""

    name: str
    catalog: Catalog
    lake: Lake

    def __post_init__(self) -> None:
        self.days: set[date] = set()
        self.queries = LakeQueries(self.name, catalog=self.catalog)
        self._numbers = count(1)
        self._kept: dict[str, list[dict[str, Any]]] = {}

    def buy(
        self,
        user: str,
        *lines: tuple[int, int, str],
        day: date = DAY,
        status: str = "placed",
        shipping: str | None = None,
        at: time = time(12),
    ) -> str:
        """Add a purchase of lines of (product, units, price of one), and return its id."""
        purchase_id = f"P{next(self._numbers):03d}"
        purchased_at = datetime.combine(day, at, UTC)
        common = {"user_key": user, "currency": "INR", "purchased_at": purchased_at}
        common |= {"business_day": day}
        goods = sum((units * Decimal(price) for _, units, price in lines), Decimal())
        purchase = {
            "id": purchase_id,
            "status": status,
            "subtotal": goods,
            "shipping": None if shipping is None else Decimal(shipping),
            "tax": None if shipping is None else Decimal("1.00"),
            "total": goods + Decimal(shipping or 0),
            "line_count": len(lines),
            "updated_at": purchased_at,
        }
        self.add(PURCHASES, purchase | common)
        for number, (product, units, price) in enumerate(lines, start=1):
            line = {"purchase_id": purchase_id, "line_number": number, "product_id": product}
            line |= {"quantity": units, "unit_price": Decimal(price)}
            self.add(PURCHASE_LINES, line | common | {"line_total": units * Decimal(price)})
        return purchase_id

    def act(
        self,
        shopper: str,
        kind: str,
        product: int | None = None,
        *,
        day: date = DAY,
        at: time = time(10),
        **fields: Any,
    ) -> None:
        """Add an event."""
        happened = datetime.combine(day, at, UTC)
        event = {
            "event_id": f"E{next(self._numbers):05d}",
            "type": kind,
            "shopper_key": shopper,
            "is_anonymous": False,
            "session_id": "visit",
            "product_id": product,
            "event_time": happened,
            "received_at": happened + timedelta(seconds=1),
            "business_day": day,
        }
        self.add(EVENTS, event | fields)

    def sell(self, number: int, **fields: Any) -> None:
        """Add a product to the catalogue."""
        product = {
            "id": number,
            "product_display_name": f"Product {number}",
            "price": Decimal("100.00"),
            "currency": "INR",
            "stock": 5,
            "is_active": True,
            "updated_at": datetime(2026, 1, 1, tzinfo=UTC),
        }
        self.add(PRODUCTS, product | fields)

    def add(self, table: Table, row: dict[str, Any]) -> None:
        """Keep a row for `refresh`, which writes all of them at once."""
        self._kept.setdefault(table.name, []).append(row)
        if "business_day" in row:
            self.days.add(row["business_day"])

    def write(self) -> None:
        """Write what was added since."""
        for table in TABLES:
            if rows := self._kept.pop(table.name, []):
                batches = [as_batch(table, rows)]
                self.catalog.load_table((self.name, table.name)).append(
                    pa.Table.from_batches(batches)
                )

    def refresh(self, *days: date, only: Sequence[Table] = MARTS) -> dict[str, int]:
        """Write what was added, and renew the marts."""
        self.write()
        marts = Marts(
            self.queries,
            self.lake,
            loaded_days=lambda: sorted(self.days),
            limits=LIMITS,
            marts=[mart for mart in ALL_MARTS if mart.table in only],
        )
        return marts.refresh(days or None)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """Return a table as an analyst reads it, in the order of its key."""
        found = self.catalog.load_table((self.name, table.name)).scan().to_arrow()
        return sorted(found.to_pylist(), key=lambda row: [row[name] for name in table.key])

    def snapshots(self, table: Table) -> int:
        """Return how often the table was changed."""
        return len(self.catalog.load_table((self.name, table.name)).metadata.snapshots)


@pytest.fixture
def new_lake(aws: AwsEndpoint) -> Callable[[], HandMadeLake]:
    """Return a function that makes a lake whose tables have no rows."""

    def new_lake() -> HandMadeLake:
        name = f"lake-{new_id().lower()}"
        client("s3").create_bucket(Bucket=name)
        catalog = open_catalog()
        catalog.create_namespace(name)
        sizes = FileSizes(1000, 1000)
        lake = Lake(catalog, namespace=name, bucket=name, sizes=sizes, commit_attempts=3)
        for table in TABLES:
            lake.stage(table, [], DAY)
        return HandMadeLake(name, catalog, lake)

    return new_lake


@pytest.fixture
def lake(new_lake: Callable[[], HandMadeLake]) -> HandMadeLake:
    """Return one whose tables have no rows."""
    return new_lake()
