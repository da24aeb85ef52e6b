"""Two loads at once are one, and a load that lost its lock publishes nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy.orm import Session

from exporter.books.snapshot import LOCK
from exporter.bootstrap import open_daily_load, open_ledger
from exporter.errors import LeaseLostError
from exporter.nightly.ledger import RunState
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.lake import TABLES
from fashion_kit.clock import utc_now

DAY = date(2024, 11, 22)
NOON = datetime(2024, 11, 22, 5, tzinfo=UTC)

Load = Callable[..., LoadReport]
Rows = Callable[..., list[dict[str, Any]]]


def test_of_two_loads_begun_together_one_loads_and_both_report_it(
    zones: ExporterSettings,
    shop: Session,
    buy: Callable[..., str],
    load: Load,
    objects: Callable[[str], dict[str, bytes]],
) -> None:
    buy(NOON)
    both_wait = Barrier(3)
    steps: list[str] = []

    def on_step(step: str) -> None:
        steps.append(step)
        if step == "wait for the lock":
            both_wait.wait()

    connection = shop.connection()
    connection.exec_driver_sql(f"SELECT GET_LOCK('{LOCK}', 0)")
    with ThreadPoolExecutor(2) as pool:
        loads = [pool.submit(load, zones, DAY, clock=utc_now, on_step=on_step) for _ in range(2)]
        both_wait.wait()
        connection.exec_driver_sql(f"SELECT RELEASE_LOCK('{LOCK}')")
        reports = [each.result() for each in loads]

    assert steps.count("stage events") == 1
    assert sorted(report.is_ours for report in reports) == [False, True]
    first, second = (report.to_dict() for report in reports)
    assert first == second
    (spared,) = (report for report in reports if not report.is_ours)
    assert "began after this one and spared it the load" in spared.lines()[0]
    assert sum(key.startswith("ledger/") for key in objects(zones.clean_bucket)) == 2


def test_a_load_asked_for_while_another_runs_sees_what_is_new(
    zones: ExporterSettings, buy: Callable[..., str], load: Load
) -> None:
    buy(NOON)
    load(zones, DAY, clock=utc_now)
    buy(NOON)

    report = load(zones, DAY, clock=utc_now)

    assert report.is_ours
    assert report.totals["purchases.rows"] == 2


@pytest.mark.parametrize("is_taken", [False, True], ids=["connection killed", "lock taken over"])
def test_a_load_that_lost_its_lock_publishes_nothing(
    is_taken: bool,
    zones: ExporterSettings,
    shop: Session,
    buy: Callable[..., str],
    load: Load,
    rows: Rows,
) -> None:
    buy(NOON)
    load(zones, DAY)
    before = {table.name: rows(zones, table) for table in TABLES}
    buy(NOON)
    connection = shop.connection()

    def lose_it(step: str) -> None:
        if step == "publish products":
            holder = connection.exec_driver_sql(f"SELECT IS_USED_LOCK('{LOCK}')").scalar_one()
            connection.exec_driver_sql(f"KILL CONNECTION {holder}")
            if is_taken:
                connection.exec_driver_sql(f"SELECT GET_LOCK('{LOCK}', 10)")

    with pytest.raises(LeaseLostError, match="The lock was lost before products was published"):
        load(zones, DAY, on_step=lose_it)

    assert {table.name: rows(zones, table) for table in TABLES} == before
    (latest,) = open_ledger(zones).latest_runs()
    assert latest.state is RunState.FAILED
    connection.exec_driver_sql(f"SELECT RELEASE_LOCK('{LOCK}')")
    shop.rollback()
    with open_daily_load(zones) as again:
        assert again.run(DAY).totals["purchases.rows"] == 2
