"""Upkeep: the same rows in fewer files, and nothing taken from under a reader."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from exporter.__main__ import app
from exporter.bootstrap import open_lake, open_upkeep
from exporter.errors import AlreadyRunningError
from exporter.lake.catalog import open_catalog
from exporter.lake.iceberg import Lake
from exporter.lake.maintenance import UpkeepReport
from exporter.lake.tables import as_batch
from exporter.settings import ExporterSettings
from fashion_contracts.lake import BAD_EVENTS, Table
from fashion_kit.aws import client
from fashion_kit.clock import utc_now

DAY = date(2026, 11, 22)
ONE_DAY = timedelta(days=1)

Maintain = Callable[..., UpkeepReport]
Put = Callable[..., None]
Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def small(new_zones: Callable[..., ExporterSettings]) -> ExporterSettings:
    """Return zones whose files hold few rows."""
    return new_zones(row_group_rows=3, rows_per_file=3, compaction_rows=4)


@pytest.fixture
def lake(small: ExporterSettings) -> Lake:
    return open_lake(small)


@pytest.fixture
def put(lake: Lake) -> Put:
    """Return a function that replaces a day by bad lines, in batches that do not follow the key."""

    def put(day: date, count: int) -> None:
        lines = [
            {
                "source_key": f"events/{day}/{number * 7 % count}'",
                "line_number": number,
                "reason": "none",
                "business_day": day,
            }
            for number in range(count)
        ]
        batches = [as_batch(BAD_EVENTS, lines[first : first + 3]) for first in range(0, count, 3)]
        lake.publish(lake.stage(BAD_EVENTS, batches, day), {})

    return put


@pytest.fixture
def maintain(small: ExporterSettings) -> Maintain:
    """Return a function that keeps the table in order, as of a moment, by settings of its own."""

    def maintain(now: datetime | None = None, **overrides: Any) -> UpkeepReport:
        settings = small.model_copy(update={"rows_per_file": 1000} | overrides)
        with open_upkeep(settings, clock=lambda: now or utc_now()) as upkeep:
            (report,) = upkeep.maintenance.run([BAD_EVENTS])
        return report

    return maintain


def files(settings: ExporterSettings, table: Table = BAD_EVENTS) -> list[str]:
    found = open_catalog().load_table((settings.glue_database, table.name))
    return [task.file.file_path for task in found.scan().plan_files()]


def test_small_files_become_one_a_day_with_the_same_rows_sorted_by_key(
    small: ExporterSettings, put: Put, maintain: Maintain, rows: Rows
) -> None:
    put(DAY, 10)
    put(DAY + ONE_DAY, 2)
    before = rows(small, BAD_EVENTS)

    report = maintain()

    assert (report.before.count, report.after.count) == (5, 2)
    assert rows(small, BAD_EVENTS) == before
    table = open_catalog().load_table((small.glue_database, BAD_EVENTS.name))
    keys = table.scan(row_filter=f"business_day = '{DAY}'").to_arrow().column("source_key")
    assert keys.equals(keys.sort())


def test_large_files_stay_as_they_are(
    small: ExporterSettings, put: Put, maintain: Maintain
) -> None:
    put(DAY, 10)
    before = files(small)

    maintain(target_file_bytes=1)

    assert files(small) == before


def test_a_second_time_there_is_nothing_to_do(
    small: ExporterSettings, put: Put, maintain: Maintain
) -> None:
    put(DAY, 10)
    maintain()
    before = files(small)

    maintain()

    assert files(small) == before


def test_a_scan_planned_before_the_compaction_still_reads(
    small: ExporterSettings, put: Put, maintain: Maintain
) -> None:
    put(DAY, 10)
    scan = open_catalog().load_table((small.glue_database, BAD_EVENTS.name)).scan()
    planned = list(scan.plan_files())

    maintain()

    assert len(planned) > 1
    assert scan.to_arrow().num_rows == 10


def test_old_snapshots_and_then_their_files_go_and_the_current_rows_stay(
    small: ExporterSettings, put: Put, maintain: Maintain, rows: Rows
) -> None:
    put(DAY, 10)
    put(DAY, 9)
    before = rows(small, BAD_EVENTS)

    report = maintain(utc_now() + timedelta(days=8))

    assert report.expired_snapshots >= 2
    assert report.orphans.objects >= 4
    assert rows(small, BAD_EVENTS) == before
    listed = client("s3").list_objects_v2(Bucket=small.clean_bucket, Prefix="warehouse/")
    assert sum(item["Key"].endswith(".parquet") for item in listed["Contents"]) == 1


def test_files_that_were_just_staged_are_safe(
    small: ExporterSettings, lake: Lake, put: Put, maintain: Maintain, rows: Rows
) -> None:
    put(DAY, 2)
    line = {"source_key": "new", "line_number": 1, "reason": "none", "business_day": DAY}
    staged = lake.stage(BAD_EVENTS, [as_batch(BAD_EVENTS, [line])], DAY)

    maintain()
    lake.publish(staged, {})

    assert [row["source_key"] for row in rows(small, BAD_EVENTS)] == ["new"]


def test_files_of_a_load_that_died_go_after_a_day(lake: Lake, put: Put, maintain: Maintain) -> None:
    put(DAY, 2)
    line = {"source_key": "new", "line_number": 1, "reason": "none", "business_day": DAY}
    lake.stage(BAD_EVENTS, [as_batch(BAD_EVENTS, [line])], DAY)

    report = maintain(utc_now() + timedelta(days=2))

    assert (report.expired_snapshots, report.orphans.objects) == (0, 1)


def test_upkeep_waits_for_a_load(small: ExporterSettings, maintain: Maintain) -> None:
    with open_upkeep(small), pytest.raises(AlreadyRunningError):
        maintain(lock_wait=timedelta(0))


def test_maintain_prints_a_line_for_each_table(
    small: ExporterSettings, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(DAY, 10)
    tell(small, monkeypatch)

    result = CliRunner().invoke(app, ["maintain"])

    assert result.exit_code == 0
    assert "bad_events" in result.stdout


def tell(settings: ExporterSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment hold the settings."""
    for name, value in {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "LANDING_BUCKET": settings.landing_bucket,
        "CLEAN_BUCKET": settings.clean_bucket,
        "GLUE_DATABASE": settings.glue_database,
        "PSEUDONYM_KEY": settings.pseudonym_secret().decode(),
    }.items():
        monkeypatch.setenv(f"EXPORTER_{name}", value)
