"""The report is filled out of the lake's marts as they are."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from exporter.__main__ import app
from exporter.bootstrap import open_lake
from exporter.events.intake import IntakeCounts
from exporter.lake.catalog import open_catalog
from exporter.lake.tables import LakeRow, as_batch
from exporter.nightly.ledger import Ledger, RunState
from exporter.nightly.report import LoadReport
from exporter.report.page import page_of, sections
from exporter.report.read import Marts, day_report, load_of
from exporter.report.schemas import CohortMonth, DayReport, Pair, Segment, Seller
from exporter.settings import ExporterSettings
from fashion_contracts import marts
from fashion_contracts.lake import PRODUCTS, Table
from fashion_kit.aws import client

DAY = date(2024, 11, 22)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOON = datetime(2024, 11, 22, 5, tzinfo=UTC)
ZERO = {"goods": Decimal(0), "shipping": Decimal(0), "tax": Decimal(0), "refunds": Decimal(0)}

Fill = Callable[[Table, list[LakeRow]], None]


@pytest.fixture
def fill(zones: ExporterSettings) -> Fill:
    """Return a function that publishes rows of a mart."""
    lake = open_lake(zones)

    def fill(table: Table, rows: list[LakeRow]) -> None:
        lake.publish(lake.stage(table, [as_batch(table, rows)], DAY), {})

    return fill


def read(zones: ExporterSettings) -> DayReport:
    load = load_of(client("s3"), zones.clean_bucket, DAY)
    return day_report(Marts(open_catalog(), zones.glue_database), DAY, ZONE, load)


def product(number: int, name: str | None, category: str | None) -> LakeRow:
    return {
        "id": number,
        "product_display_name": name,
        "sub_category": category,
        "price": Decimal("1.00"),
        "currency": "INR",
        "stock": 1,
        "is_active": True,
        "updated_at": NOON,
    }


def of_product(number: int, units: int, revenue: str) -> LakeRow:
    counts = dict.fromkeys(("views", "viewers", "carts", "purchases"), 1)
    money = Decimal(revenue)
    return {"product_id": number, "units": units, "revenue": money, "business_day": DAY} | counts


def test_sales_of_the_day_and_the_27_days_before_are_read(
    zones: ExporterSettings, fill: Fill
) -> None:
    counts = ("purchases", "units", "buyers", "new_buyers", "cancelled", "refunded")
    fill(
        marts.SALES_DAILY,
        [
            {
                **dict.fromkeys(counts, 2),
                **ZERO,
                "revenue": Decimal("405728.00"),
                "business_day": DAY,
            }
        ],
    )

    report = read(zones)

    assert report.sales[DAY].revenue == Decimal("405728.00")
    assert report.sales[DAY].average_basket == Decimal("202864")
    assert "INR" not in page_of(report, sections(report))


def test_products_and_categories_are_ranked_by_revenue_and_named(
    zones: ExporterSettings, fill: Fill
) -> None:
    fill(PRODUCTS, [product(1, "Scarf", "Bags"), product(2, None, None), product(3, "Hat", "Bags")])
    rows = [of_product(1, 2, "10.00"), of_product(2, 1, "90.00"), of_product(3, 0, "0.00")]
    fill(marts.PRODUCT_DAILY, [*rows, of_product(4, 1, "5.00")])

    report = read(zones)

    assert report.currency == "INR"
    assert report.products == [
        Seller("Product 2", 1, Decimal("90.00")),
        Seller("Scarf", 2, Decimal("10.00")),
        Seller("Product 4", 1, Decimal("5.00")),
    ]
    assert report.categories == [
        Seller("No category", 2, Decimal("95.00")),
        Seller("Bags", 2, Decimal("10.00")),
    ]


def test_pairs_are_told_once_and_only_if_bought_together_often_enough(
    zones: ExporterSettings, fill: Fill
) -> None:
    fill(PRODUCTS, [product(1, "Scarf", None), product(2, "Hat", None), product(3, "Belt", None)])
    pairs = [(1, 2, 3, 2.5), (2, 1, 3, 2.5), (1, 3, 2, 99.0), (3, 1, 2, 99.0)]
    fill(
        marts.BASKET_PAIRS,
        [
            {
                "product_id": first,
                "with_product_id": second,
                "baskets": baskets,
                "support": 0.1,
                "confidence": 0.2,
                "lift": lift,
                "as_of": DAY,
            }
            for first, second, baskets, lift in pairs
        ],
    )

    assert read(zones).pairs == [Pair("Scarf", "Hat", 3, 2.5)]


def test_segments_cohorts_and_the_funnel_are_read(zones: ExporterSettings, fill: Fill) -> None:
    scores = dict.fromkeys(("recency_days", "frequency", "recency_score"), 3)
    scores |= dict.fromkeys(("frequency_score", "monetary_score"), 3)
    buyers = [("a", "lost", "1.00"), ("b", "champion", "9.50"), ("c", "champion", "0.50")]
    fill(
        marts.CUSTOMER_RFM,
        [
            {"user_key": key, "segment": segment, "monetary": Decimal(money), "as_of": DAY} | scores
            for key, segment, money in buyers
        ],
    )
    cohort = {"cohort": date(2024, 10, 1), "months_later": 1, "buyers": 1, "cohort_size": 4}
    fill(
        marts.COHORT_RETENTION,
        [{**cohort, "share": 0.25, "revenue": Decimal("1.00"), "as_of": DAY}],
    )
    step = {"shoppers": 0, "share_of_previous": None, "share_of_first": None, "business_day": DAY}
    fill(marts.FUNNEL_DAILY, [{"position": 1, "step": "visited"} | step])

    report = read(zones)

    assert report.segments == [
        Segment("champion", 2, Decimal("10.00")),
        Segment("lost", 1, Decimal("1.00")),
    ]
    assert report.cohorts == [CohortMonth(date(2024, 10, 1), 4, 1, 1, 0.25)]
    assert report.as_of == {"segments": DAY, "cohorts": DAY}
    assert "No visits are known" in page_of(report, sections(report))


def test_trends_and_effects_of_the_day_alone_are_read(zones: ExporterSettings, fill: Fill) -> None:
    trend = {"dimension": "season", "interest": 9, "shoppers": 9, "usual": 1.0, "z_score": 3.0}
    fill(
        marts.CATEGORY_TREND_DAILY,
        [{**trend, "value": "Fall", "lift": 2.0, "is_significant": True, "business_day": DAY}],
    )
    counts = dict.fromkeys(("shoppers", "clicks", "carts", "purchases"), 0)
    effect = {"list_id": "home", "impressions": 3, "revenue": Decimal(0), "click_through": None}
    fill(marts.RECOMMENDATION_EFFECT_DAILY, [{**effect, **counts, "business_day": DAY}])

    report = read(zones)

    assert [(trend.value, trend.lift) for trend in report.trends] == [("Fall", 2.0)]
    assert [(effect.list_id, effect.impressions) for effect in report.effects] == [("home", 3)]
    assert "NaN" not in page_of(report, sections(report))


def test_the_latest_load_of_the_day_is_told(zones: ExporterSettings) -> None:
    s3, ids = client("s3"), iter(f"{number:026d}" for number in range(3))
    ledger = Ledger(s3, zones.clean_bucket, clock=lambda: NOON, new_id=lambda: next(ids))
    report = LoadReport(
        day=DAY,
        run_id="",
        state="loaded",
        totals={"purchases.rows": Decimal(7), "purchases.total": Decimal("9.00")},
        intake=IntakeCounts(lines=4, kept=3, of_other_days=1, late={"2026-11-20": 1}),
        snapshots={"purchases": 5},
        seconds=1.5,
        fingerprint="7:9.00:0",
    )
    for state in (RunState.PARTIAL, RunState.LOADED, RunState.FAILED):
        run = ledger.start(DAY)
        ledger.end(run, state, replace(report, run_id=run.id, state=state.value).to_dict())

    load = load_of(s3, zones.clean_bucket, DAY)

    assert load is not None
    assert (load.run_id[-1], load.state, load.finished_at) == ("1", "loaded", NOON)
    assert load.rows == {"purchases": 7}
    assert (load.events["kept"], load.events["of_other_days"]) == (3, 1)


@pytest.fixture
def told(zones: ExporterSettings, monkeypatch: pytest.MonkeyPatch) -> ExporterSettings:
    """Return settings of which the environment holds what a reader of the lake needs."""
    monkeypatch.setenv("EXPORTER_CLEAN_BUCKET", zones.clean_bucket)
    monkeypatch.setenv("EXPORTER_GLUE_DATABASE", zones.glue_database)
    return zones


def test_the_command_prints_where_the_page_is_even_of_an_empty_lake(
    told: ExporterSettings, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, ["report", "--day", str(DAY), "--out", str(tmp_path)])

    assert result.exit_code == 0, result.output
    assert result.stdout.split() == [str(tmp_path / "2024-11-22.html")]
    assert "No product is known to have been sold" in (tmp_path / "2024-11-22.html").read_text()


def test_the_command_refuses_what_is_no_day(told: ExporterSettings, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", "--day", "22.11.2024", "--out", str(tmp_path)])

    assert result.exit_code == 1
    assert "--day must be a date written YYYY-MM-DD" in result.stderr
