"""A day that breaks a rule is kept out of the lake, where an engineer can look at it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from exporter.bootstrap import open_ledger, open_upkeep
from exporter.errors import QualityError, ReconciliationError
from exporter.nightly.reconcile import written_totals
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.lake import PURCHASES, TABLES
from fashion_kit.clock import utc_now
from storefront.models import PurchaseLine

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)

Load = Callable[..., LoadReport]
Objects = Callable[[str], dict[str, bytes]]


def quarantined(objects: dict[str, bytes]) -> dict[str, Any]:
    (key,) = (key for key in objects if key.startswith("quarantine/business_day=2026-11-22/"))
    found: dict[str, Any] = json.loads(objects[key])
    assert key.endswith(f"/{found['run_id']}.json")
    return found


def test_nothing_is_published_and_the_rule_is_named_everywhere(
    zones: ExporterSettings,
    shop: Session,
    buy: Callable[..., str],
    load: Load,
    rows: Callable[..., list[dict[str, Any]]],
    objects: Objects,
) -> None:
    broken = buy(NOON)
    shop.execute(update(PurchaseLine).values(line_total=Decimal("10.01")))
    shop.commit()

    with pytest.raises(QualityError, match=f"lines_exact is broken by 1 rows, such as {broken}"):
        load(zones, DAY)

    assert all(rows(zones, table) == [] for table in TABLES)
    (latest,) = open_ledger(zones).latest_runs()
    exact = {"name": "lines_exact", "rows": 1, "keys": [broken]}
    assert exact in open_ledger(zones).details(latest)["rules"]
    found = quarantined(objects(zones.clean_bucket))
    assert exact in found["rules"]


def test_the_rows_that_were_kept_out_can_be_read(
    zones: ExporterSettings,
    shop: Session,
    buy: Callable[..., str],
    load: Load,
    objects: Objects,
) -> None:
    bought = buy(NOON)
    shop.execute(update(PurchaseLine).values(line_total=Decimal("10.01")))
    shop.commit()

    with pytest.raises(QualityError):
        load(zones, DAY)

    kept = objects(zones.clean_bucket)
    paths = [
        path.removeprefix(f"s3://{zones.clean_bucket}/") for path in quarantined(kept)["files"]
    ]
    (purchases,) = (path for path in paths if f"/{PURCHASES.name}/" in path)
    assert pq.read_table(BytesIO(kept[purchases]))["id"].to_pylist() == [bought]


@pytest.fixture
def broken_day(
    zones: ExporterSettings, shop: Session, buy: Callable[..., str], load: Load
) -> ExporterSettings:
    """Return zones with a loaded day, and after it one in quarantine."""
    buy(NOON - timedelta(days=1), user=2)
    load(zones, DAY - timedelta(days=1))
    buy(NOON, user=1)
    shop.execute(update(PurchaseLine).values(line_total=Decimal("10.01")))
    shop.commit()
    with pytest.raises(QualityError):
        load(zones, DAY)
    return zones


def listed(objects: Objects, zones: ExporterSettings) -> set[str]:
    """Return the tables of the quarantined files that are still there."""
    kept = objects(zones.clean_bucket)
    root = f"s3://{zones.clean_bucket}/"
    paths = [path.removeprefix(root) for path in quarantined(kept)["files"]]
    return {path.split("/")[1] for path in paths if path in kept}


@pytest.mark.parametrize(
    ("days_later", "left"),
    [(29, {"products", "users", "purchases", "purchase_lines"}), (31, set())],
)
def test_upkeep_spares_them_for_a_while(
    days_later: int, left: set[str], broken_day: ExporterSettings, objects: Objects
) -> None:
    later = utc_now() + timedelta(days=days_later)

    with open_upkeep(broken_day, clock=lambda: later) as upkeep:
        list(upkeep.maintenance.run(TABLES))

    assert listed(objects, broken_day) == left


@pytest.mark.parametrize(
    ("user", "left"),
    [(1, {"products"}), (2, {"products", "purchases", "purchase_lines"})],
    ids=["who bought that day", "who did not"],
)
def test_erasing_somebody_takes_the_files_that_hold_them(
    user: int, left: set[str], broken_day: ExporterSettings, objects: Objects
) -> None:
    with open_upkeep(broken_day) as upkeep:
        upkeep.eraser.erase([f"USER{user:022d}"])

    assert listed(objects, broken_day) == left


def test_figures_that_differ_break_a_rule_too(
    zones: ExporterSettings,
    buy: Callable[..., str],
    load: Load,
    objects: Objects,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buy(NOON)
    cent = {"purchases.total": Decimal("10.01")}
    monkeypatch.setattr(
        "exporter.nightly.daily_load.written_totals", lambda staged: written_totals(staged) | cent
    )

    with pytest.raises(ReconciliationError) as caught:
        load(zones, DAY)

    assert caught.value.title == "Quality gate closed by counts_and_sums"
    (rule,) = quarantined(objects(zones.clean_bucket))["rules"]
    assert rule["name"] == "counts_and_sums"
