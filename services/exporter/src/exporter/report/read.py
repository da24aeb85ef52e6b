"""Fills the report out of the lake's marts and the run ledger."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.expressions.parser import parse

from exporter.nightly.ledger import PREFIX, RunState
from exporter.nightly.report import LoadReport
from exporter.report.sales import DAYS_SHOWN
from exporter.report.schemas import (
    CohortMonth,
    DayReport,
    ListEffect,
    Load,
    Pair,
    Sales,
    Segment,
    Seller,
    Step,
    Trend,
)
from fashion_contracts.lake import PRODUCTS, Table
from fashion_contracts.marts import (
    BASKET_PAIRS,
    CATEGORY_TREND_DAILY,
    COHORT_RETENTION,
    CUSTOMER_RFM,
    FUNNEL_DAILY,
    PRODUCT_DAILY,
    RECOMMENDATION_EFFECT_DAILY,
    SALES_DAILY,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SELLERS_SHOWN: Final = 10
PAIRS_SHOWN: Final = 10
FEWEST_BASKETS: Final = 3
"""A pair bought together less often has a high lift by chance alone."""
ALWAYS: Final = AlwaysTrue()
ENOUGH_BASKETS: Final = parse(f"baskets >= {FEWEST_BASKETS}")
SEGMENTS: Final = ("champion", "loyal", "promising", "new", "at_risk", "lost")

Row = dict[str, Any]


@dataclass(frozen=True)
class Marts:
    """The lake's tables as the report reads them: one that is not there yet is empty."""

    catalog: Catalog
    database: str

    def rows(self, table: Table, where: BooleanExpression = ALWAYS, *columns: str) -> list[Row]:
        """Return the table's rows, in the order of its key unless only some columns are wanted."""
        try:
            found = self.catalog.load_table((self.database, table.name))
        except NoSuchTableError:
            return []
        rows = found.scan(where, selected_fields=columns or ("*",)).to_arrow().to_pylist()
        return rows if columns else sorted(rows, key=lambda row: [row[name] for name in table.key])


def day_report(marts: Marts, day: date, timezone: ZoneInfo, load: Load | None) -> DayReport:
    """Return what the marts know of the day."""
    of_day = parse(f"business_day = '{day}'")
    columns = ("id", "product_display_name", "sub_category", "currency")
    products = {row["id"]: row for row in marts.rows(PRODUCTS, ALWAYS, *columns)}
    names = {number: _name(row) for number, row in products.items()}
    sold = [row for row in marts.rows(PRODUCT_DAILY, of_day) if row["units"]]
    cohorts = marts.rows(COHORT_RETENTION)
    segments = marts.rows(CUSTOMER_RFM, ALWAYS, "segment", "monetary", "as_of")
    pairs = marts.rows(BASKET_PAIRS, ENOUGH_BASKETS)
    whole = {"cohorts": cohorts, "segments": segments, "pairs": pairs}
    return DayReport(
        day=day,
        timezone=timezone,
        currency=next((str(row["currency"]) for row in products.values()), ""),
        sales=_sales(marts, day),
        products=_sellers(sold, lambda row: row["product_id"], names),
        categories=_sellers(sold, lambda row: _category(products.get(row["product_id"]))),
        trends=_trends(marts.rows(CATEGORY_TREND_DAILY, of_day)),
        funnel=_funnel(marts.rows(FUNNEL_DAILY, of_day)),
        cohorts=_cohorts(cohorts),
        segments=_segments(segments),
        pairs=_pairs(pairs, names),
        effects=_effects(marts.rows(RECOMMENDATION_EFFECT_DAILY, of_day)),
        as_of={name: rows[0]["as_of"] for name, rows in whole.items() if rows},
        load=load,
    )


def load_of(s3: "S3Client", bucket: str, day: date) -> Load | None:
    """Return the latest run that brought the day into the lake, or None if there was none."""
    found: dict[str, str] = {}
    for state in (RunState.LOADED, RunState.PARTIAL):
        folder = f"{PREFIX}business_day={day}/state={state.value}/"
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
        keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        found.update((key.removeprefix(folder), key) for key in keys)
    if not found:
        return None
    # Run ids are sortable by time.
    entry = json.loads(s3.get_object(Bucket=bucket, Key=found[max(found)])["Body"].read())
    report = LoadReport.of_another_run(entry)
    return Load(
        run_id=report.run_id,
        state=report.state,
        finished_at=datetime.fromisoformat(entry["finished_at"]),
        rows=report.rows,
        events=report.intake.by_fate(),
    )


def _sales(marts: Marts, day: date) -> dict[date, Sales]:
    first = day - timedelta(days=DAYS_SHOWN - 1)
    where = parse(f"business_day >= '{first}' and business_day <= '{day}'")
    return {
        row["business_day"]: Sales(
            day=row["business_day"],
            revenue=row["revenue"],
            purchases=row["purchases"],
            units=row["units"],
            buyers=row["buyers"],
            new_buyers=row["new_buyers"],
            cancelled=row["cancelled"],
            refunded=row["refunded"],
            refunds=row["refunds"],
        )
        for row in marts.rows(SALES_DAILY, where)
    }


def _sellers(
    sold: Iterable[Row],
    key: Callable[[Row], Any],
    names: Mapping[Any, str] | None = None,
) -> list[Seller]:
    """Return what brought the most, added up by the key."""
    units: dict[Any, int] = defaultdict(int)
    revenue: dict[Any, Decimal] = defaultdict(Decimal)
    for row in sold:
        units[key(row)] += row["units"]
        revenue[key(row)] += row["revenue"]
    ranked = sorted(revenue, key=lambda found: (-revenue[found], -units[found], found))
    return [
        Seller(_named(found, names), units[found], revenue[found])
        for found in ranked[:SELLERS_SHOWN]
    ]


def _name(product: Row) -> str:
    return product["product_display_name"] or f"Product {product['id']}"


def _named(found: Any, names: Mapping[Any, str] | None) -> str:
    return str(found) if names is None else names.get(found, f"Product {found}")


def _category(product: Row | None) -> str:
    return (product and product["sub_category"]) or "No category"


def _trends(rows: Iterable[Row]) -> list[Trend]:
    return [
        Trend(
            dimension=row["dimension"],
            value=row["value"],
            interest=row["interest"],
            shoppers=row["shoppers"],
            lift=row["lift"],
            is_significant=row["is_significant"],
        )
        for row in rows
    ]


def _funnel(rows: Iterable[Row]) -> list[Step]:
    return [
        Step(row["step"], row["shoppers"], row["share_of_previous"], row["share_of_first"])
        for row in rows
    ]


def _cohorts(rows: Iterable[Row]) -> list[CohortMonth]:
    return [
        CohortMonth(
            cohort=row["cohort"],
            size=row["cohort_size"],
            months_later=row["months_later"],
            buyers=row["buyers"],
            share=row["share"],
        )
        for row in rows
    ]


def _segments(rows: Iterable[Row]) -> list[Segment]:
    """Return the segments that have buyers, the best first."""
    buyers: dict[str, int] = defaultdict(int)
    money: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        buyers[row["segment"]] += 1
        money[row["segment"]] += row["monetary"]
    unknown = sorted(buyers.keys() - set(SEGMENTS))
    return [
        Segment(name, buyers[name], money[name]) for name in (*SEGMENTS, *unknown) if name in buyers
    ]


def _pairs(rows: Iterable[Row], names: Mapping[Any, str]) -> list[Pair]:
    """Return the pairs furthest beyond chance, each one way."""
    # Each pair stands in the mart both ways; lift is the same, confidence is not.
    once = [row for row in rows if row["product_id"] < row["with_product_id"]]
    once.sort(key=lambda row: (-row["lift"], -row["baskets"], row["product_id"]))
    return [
        Pair(
            _named(row["product_id"], names),
            _named(row["with_product_id"], names),
            row["baskets"],
            row["lift"],
        )
        for row in once[:PAIRS_SHOWN]
    ]


def _effects(rows: Iterable[Row]) -> list[ListEffect]:
    return [
        ListEffect(
            list_id=row["list_id"],
            impressions=row["impressions"],
            clicks=row["clicks"],
            carts=row["carts"],
            purchases=row["purchases"],
            revenue=row["revenue"],
            click_through=row["click_through"],
        )
        for row in rows
    ]
