"""A shop of sixty days, made up but always the same: what the ten questions are shown on.

Shoes come into fashion on the last day, kurtas are bought with bags, and four watches lie in stock.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog

from exporter.lake.iceberg import Lake
from exporter.lake.staging import FileSizes
from exporter.lake.tables import as_batch
from exporter.marts.service import Marts
from exporter.queries import LakeQueries
from exporter.settings import MartSettings
from fashion_contracts.lake import EVENTS, PRODUCTS, PURCHASE_LINES, PURCHASES, TABLES, Table

LAST_DAY = date(2026, 3, 8)
DAYS = [LAST_DAY - timedelta(days=age) for age in reversed(range(60))]
DAYS_WITH_MARTS = 14
BUYERS = 340
VISITS_A_DAY = 45
_SEED = 5
_NIGHT_BEFORE = 17  # a day in Hanoi begins at 17:00 UTC of the day before

Row = dict[str, Any]
_KINDS = (
    ("Kurta", "Topwear", "Kurtas", 900),
    ("Shirt", "Topwear", "Shirts", 700),
    ("Handbag", "Bags", "Handbags", 1500),
    ("Sandal", "Shoes", "Heels", 1200),
    ("Sneaker", "Shoes", "Casual Shoes", 1900),
    ("Watch", "Watches", "Watches", 3200),
)
_COLOURS = ("Blue", "Red", "Black", "White")


class Sample:
    """The rows of the shop, table by table."""

    def __init__(self) -> None:
        self._random = Random(_SEED)  # noqa: S311 - the same shop each time, no secret
        self._numbers = count(1)
        self.rows: dict[str, list[Row]] = {table.name: [] for table in TABLES}
        self.products = [
            self._product(kind, colour)
            for kind in range(len(_KINDS))
            for colour in range(len(_COLOURS))
        ]
        for day in DAYS:
            for visit in range(VISITS_A_DAY):
                self._visit(day, visit)

    def _product(self, kind: int, colour: int) -> Row:
        name, sub_category, article_type, price = _KINDS[kind]
        row = {
            "id": 1001 + kind * len(_COLOURS) + colour,
            "gender": "Women",
            "master_category": "Accessories" if kind in (2, 5) else "Apparel",
            "sub_category": sub_category,
            "article_type": article_type,
            "base_colour": _COLOURS[colour],
            "season": "Summer" if kind in (1, 3) else "Winter",
            "product_display_name": f"{_COLOURS[colour]} {name}",
            "price": Decimal(price + 100 * colour),
            "currency": "INR",
            "stock": 30 + 10 * kind + colour,
            "is_active": True,
            "updated_at": _instant(DAYS[0], 0),
        }
        self.rows[PRODUCTS.name].append(row)
        return row

    def _visit(self, day: date, visit: int) -> None:
        """Let one shopper in: a list of picks, some products, perhaps a basket."""
        # A few come often and most seldom; the shop is better known each day.
        known = min(BUYERS, 40 + 5 * DAYS.index(day))
        buyer = int(known * self._random.random() ** 2)
        shopper, minute = f"{buyer:032x}", visit * 20
        answer = f"R{day:%m%d}{visit:03d}"
        self._act(shopper, "list_view", day, minute, list_id="home", recommendation_id=answer)
        looked = self._looked_at(day)
        for position, product in enumerate(looked):
            carried: Row = {}
            if self._random.random() < 0.15:
                carried = {"list_id": "home", "recommendation_id": answer}
            kind = "list_click" if carried else "product_view"
            self._act(shopper, kind, day, minute + 1 + position, product, **carried)
        if self._random.random() < 0.35:
            self._buy(shopper, day, minute + 9, self._basket(looked[0]))

    def _looked_at(self, day: date) -> list[Row]:
        # Watches are looked at, too, but seldom; shoes come into fashion on the last day.
        weights = [4.0, 4.0, 3.0, 3.0, 3.0, 0.4]
        if day == LAST_DAY:
            weights[3] = weights[4] = 14.0
        kinds = self._random.choices(range(len(_KINDS)), weights, k=self._random.randint(1, 3))
        return [self.products[kind * len(_COLOURS) + self._random.randrange(4)] for kind in kinds]

    def _basket(self, chosen: Row) -> list[Row]:
        if chosen["article_type"] == "Kurtas" and self._random.random() < 0.5:
            # The bag of the same colour.
            return [chosen, next(p for p in self.products if p["id"] == chosen["id"] + 8)]
        return [chosen]

    def _buy(self, shopper: str, day: date, minute: int, basket: list[Row]) -> None:
        for product in basket:
            self._act(shopper, "add_to_cart", day, minute, product)
        if self._random.random() < 0.25:
            return
        self._act(shopper, "begin_checkout", day, minute + 1)
        purchased_at, purchase_id = _instant(day, minute + 2), f"P{next(self._numbers):05d}"
        common = {"user_key": shopper, "currency": "INR", "purchased_at": purchased_at}
        common |= {"business_day": day}
        for number, product in enumerate(basket, start=1):
            self._act(shopper, "purchase", day, minute + 2, product, purchase_id=purchase_id)
            line = {"purchase_id": purchase_id, "line_number": number, "product_id": product["id"]}
            line |= {"quantity": 1, "unit_price": product["price"], "line_total": product["price"]}
            self.rows[PURCHASE_LINES.name].append(line | common)
        goods, shipping = sum(product["price"] for product in basket), Decimal(50)
        purchase = {"id": purchase_id, "status": self._status(), "subtotal": goods}
        purchase |= {"shipping": shipping, "tax": Decimal(0), "total": goods + shipping}
        purchase |= {"line_count": len(basket), "updated_at": purchased_at}
        self.rows[PURCHASES.name].append(purchase | common)

    def _status(self) -> str:
        return self._random.choices(("delivered", "cancelled", "refunded"), (94, 4, 2))[0]

    def _act(
        self,
        shopper: str,
        kind: str,
        day: date,
        minute: int,
        product: Row | None = None,
        **fields: Any,
    ) -> None:
        happened = _instant(day, minute)
        event = {
            "event_id": f"E{next(self._numbers):06d}",
            "type": kind,
            "shopper_key": shopper,
            "is_anonymous": False,
            "session_id": f"{shopper[-4:]}-{day}",
            "product_id": product and product["id"],
            "event_time": happened,
            "received_at": happened,
            "business_day": day,
        }
        self.rows[EVENTS.name].append(event | fields)


def write_sample(catalog: Catalog, *, database: str, bucket: str) -> LakeQueries:
    """Write the shop into an empty lake and renew the marts of its last days."""
    settings = MartSettings(glue_database=database, clean_bucket=bucket)
    lake = Lake(
        catalog,
        namespace=database,
        bucket=bucket,
        sizes=FileSizes(settings.row_group_rows, settings.rows_per_file),
        commit_attempts=settings.commit_attempts,
    )
    for table, rows in _filled():
        lake.stage(table, [], LAST_DAY)  # makes the table
        stored = catalog.load_table((database, table.name))
        if rows:
            stored.append(pa.Table.from_batches([as_batch(table, rows)]))
    queries = LakeQueries(database, catalog=catalog)
    marts = Marts(queries, lake, loaded_days=lambda: DAYS, limits=settings.limits())
    marts.refresh(DAYS[-DAYS_WITH_MARTS:])
    return queries


def _filled() -> Iterator[tuple[Table, list[Row]]]:
    rows = Sample().rows
    for table in TABLES:
        yield table, rows[table.name]


def _instant(day: date, minute: int) -> datetime:
    begins = datetime.combine(day - timedelta(days=1), time(_NIGHT_BEFORE), UTC)
    return begins + timedelta(minutes=minute)
