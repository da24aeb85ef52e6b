"""`exporter marts` as a night or a person runs it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner

from exporter.__main__ import app
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.marts import CUSTOMER_RFM, SALES_DAILY

DAY = date(2024, 11, 22)
NOON = datetime(2024, 11, 22, 5, tzinfo=UTC)

pytestmark = pytest.mark.servers


@pytest.fixture
def told(zones: ExporterSettings, monkeypatch: pytest.MonkeyPatch) -> ExporterSettings:
    """Tell the command which lake; it needs neither password nor key."""
    monkeypatch.setenv("EXPORTER_CLEAN_BUCKET", zones.clean_bucket)
    monkeypatch.setenv("EXPORTER_GLUE_DATABASE", zones.glue_database)
    return zones


def test_it_renews_the_marts_of_the_loaded_days(
    told: ExporterSettings,
    buy: Callable[..., str],
    load: Callable[..., LoadReport],
    rows: Callable[..., list[dict[str, Any]]],
) -> None:
    buy(NOON, "1234.50")
    buy(NOON, "100.00", user=2)
    load(told, DAY)

    result = CliRunner().invoke(app, ["marts"])

    assert result.exit_code == 0
    assert "customer_rfm" in result.stdout
    [sales] = rows(told, SALES_DAILY)
    assert (sales["business_day"], sales["revenue"]) == (DAY, Decimal("1334.50"))
    assert {row["as_of"] for row in rows(told, CUSTOMER_RFM)} == {DAY}


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("22.11.2024", "must be a date written YYYY-MM-DD"),
        ("2999-01-01", "has not begun yet"),
        ("2024-11-22", "no table"),
    ],
)
def test_it_says_what_is_wrong_and_fails(day: str, sentence: str, told: ExporterSettings) -> None:
    result = CliRunner().invoke(app, ["marts", "--day", day])

    assert result.exit_code == 1
    assert sentence in result.stderr
