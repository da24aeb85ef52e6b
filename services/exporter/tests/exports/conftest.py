"""A clean zone that a test fills as it likes, and its exports."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from pyiceberg.io import load_file_io

from exporter.bootstrap import open_lake
from exporter.exports.sink import Folder
from exporter.exports.source import Source
from exporter.lake.catalog import open_catalog
from exporter.lake.tables import LakeRow, as_batch
from exporter.settings import ExporterSettings
from fashion_contracts.lake import Table

DAY = date(2024, 11, 22)
NOON = datetime(2024, 11, 22, 5, tzinfo=UTC)


@pytest.fixture
def fill(zones: ExporterSettings) -> Callable[..., None]:
    """Return a function that publishes rows of a table, by default of 22 November 2024."""
    lake = open_lake(zones)

    def fill(table: Table, *rows: LakeRow, day: date = DAY) -> None:
        of_day = [{"business_day": day} | row for row in rows] if table.partition else rows
        lake.publish(lake.stage(table, [as_batch(table, of_day)], day), {})

    return fill


@pytest.fixture
def source(zones: ExporterSettings) -> Source:
    return Source(open_catalog(), zones.glue_database)


@pytest.fixture
def folder_at(zones: ExporterSettings) -> Callable[[object], Folder]:
    """Return a function that opens a folder."""

    def folder_at(location: object) -> Folder:
        return Folder(load_file_io(open_catalog().properties, str(location)), str(location))

    return folder_at


@pytest.fixture
def look() -> Callable[..., LakeRow]:
    """Return a function that makes an event, by default a look at a product."""
    numbers = count(1)

    def look(shopper: str, product: int | None, second: float = 0, **others: object) -> LakeRow:
        at = NOON + timedelta(seconds=second)
        return {
            "event_id": f"e{next(numbers)}",
            "type": "product_view",
            "shopper_key": shopper,
            "is_anonymous": False,
            "session_id": "visit-1",
            "product_id": product,
            "event_time": at,
            "received_at": at + timedelta(seconds=1),
        } | others

    return look


@pytest.fixture
def bought() -> Callable[..., tuple[LakeRow, LakeRow]]:
    """Return a function that makes a purchase and its line."""

    def bought(number: int, user: str, total: str, status: str = "paid") -> tuple[LakeRow, LakeRow]:
        money = {"currency": "INR", "purchased_at": NOON, "user_key": user}
        purchase = {"id": f"p{number}", "status": status, "total": Decimal(total)}
        line = {"purchase_id": f"p{number}", "line_number": 1, "product_id": 7, "quantity": 1}
        price = {"unit_price": Decimal(total), "line_total": Decimal(total)}
        return {**money, **purchase, "line_count": 1, "updated_at": NOON}, {
            **money,
            **line,
            **price,
        }

    return bought
