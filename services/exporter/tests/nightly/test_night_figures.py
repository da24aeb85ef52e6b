"""A night leaves its figures where Prometheus finds them, whatever came of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from exporter.__main__ import app
from exporter.nightly.figures import FIGURES
from exporter.settings import ExporterSettings
from fashion_kit.clock import day_interval
from storefront.models import PurchaseLine

DAY = date(2024, 11, 22)
NOON = datetime(2024, 11, 22, 5, tzinfo=UTC)

Buy = Callable[..., str]


@pytest.fixture
def folder(told: ExporterSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXPORTER_METRICS_FOLDER", str(tmp_path / "metrics"))
    return tmp_path / "metrics"


def run(*days: date) -> int:
    flags = [word for day in days for word in ("--day", day.isoformat())]
    return CliRunner().invoke(app, ["run", *flags]).exit_code


def read(folder: Path) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families((folder / "exporter.prom").read_text())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_rows_and_the_instant_until_which_the_lake_is_whole(
    folder: Path, told: ExporterSettings, buy: Buy
) -> None:
    buy(NOON)
    assert run(DAY) == 0
    found = read(folder)
    assert found["export_rows", "purchases"] == 1
    assert found["export_event_lines", "kept"] == 0
    assert found["export_failed_days",] == 0
    _, end = day_interval(DAY, told.business_timezone)
    assert found["export_loaded_until_timestamp_seconds",] == end.timestamp()
    assert {name for name, *_ in found} == {figure.name for figure in FIGURES}


def test_a_day_that_fails_is_counted_and_moves_nothing_on(
    folder: Path, told: ExporterSettings, shop: Session, buy: Buy
) -> None:
    assert run(date(2024, 11, 21)) == 0
    until = read(folder)["export_loaded_until_timestamp_seconds",]
    buy(NOON)
    broken: Any = update(PurchaseLine).values(line_total=Decimal("10.01"))
    shop.execute(broken)
    shop.commit()
    assert run(DAY) == 1
    found = read(folder)
    assert (found["export_failed_days",], found["export_loaded_until_timestamp_seconds",]) == (
        1,
        until,
    )
