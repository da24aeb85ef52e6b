"""A load may die at any step and may meet another one: the rows are the same in the end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from exporter.bootstrap import open_daily_load
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.lake import TABLES

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
STEPS = [
    "stage events",
    "reconcile",
    "publish purchases",
    "publish purchase_lines",
    "write the ledger",
]
KILLED_LOAD = """
import os, signal, sys
from datetime import date
from exporter.bootstrap import open_daily_load
from exporter.settings import ExporterSettings

def end_there(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

with open_daily_load(ExporterSettings(), on_step=end_there) as load:
    load.run(date.fromisoformat(sys.argv[1]))
"""

Everything = dict[str, list[dict[str, Any]]]
Load = Callable[..., LoadReport]


class PowerCutError(BaseException):
    """Ends a load as nothing that it may catch does."""


def ends_at(step: str) -> Callable[[str], None]:
    def end_there(reached: str) -> None:
        if reached == step:
            raise PowerCutError

    return end_there


@pytest.fixture
def read_all(
    rows: Callable[..., list[dict[str, Any]]],
) -> Callable[[ExporterSettings], Everything]:
    return lambda zones: {table.name: rows(zones, table) for table in TABLES}


@pytest.fixture
def fill(
    buy: Callable[..., str], deliver: Callable[..., str], event: Callable[..., dict[str, Any]]
) -> Callable[..., None]:
    """Return a function that lets things happen at noon; events go to all these zones."""

    def fill(number: int, *zones: ExporterSettings) -> None:
        at = NOON + timedelta(minutes=number)
        buy(at, f"{number}.01", f"{number}.02")
        for each in zones:
            deliver(each, at, event(f"e{number}", at), event("e1", at), "no json")

    return fill


@pytest.fixture
def undisturbed(new_zones: Callable[..., ExporterSettings]) -> ExporterSettings:
    """Return zones in which nothing goes wrong."""
    return new_zones()


def test_a_load_that_ended_at_any_step_leaves_whole_tables_and_runs_again_to_the_same_rows(
    zones: ExporterSettings,
    undisturbed: ExporterSettings,
    fill: Callable[..., None],
    load: Load,
    read_all: Callable[[ExporterSettings], Everything],
) -> None:
    fill(1, zones, undisturbed)
    load(zones, DAY)
    before = read_all(zones)
    fill(2, zones, undisturbed)
    load(undisturbed, DAY)
    after = read_all(undisturbed)

    for step in STEPS:
        with pytest.raises(PowerCutError):
            load(zones, DAY, on_step=ends_at(step))
        # Whoever reads now finds each table as it was or as it is to be, never in between.
        meanwhile = read_all(zones)
        assert all(found in (before[name], after[name]) for name, found in meanwhile.items())

    load(zones, DAY)
    assert read_all(zones) == after


@pytest.mark.parametrize("step", ["stage purchases", "publish purchase_lines"])
def test_a_load_killed_at_a_step_and_run_again_has_the_same_rows(
    step: str,
    zones: ExporterSettings,
    undisturbed: ExporterSettings,
    fill: Callable[..., None],
    load: Load,
    read_all: Callable[[ExporterSettings], Everything],
) -> None:
    fill(1, zones, undisturbed)
    fill(2, zones, undisturbed)
    load(undisturbed, DAY)
    told = {
        "EXPORTER_DATABASE_URL": zones.database_url.get_secret_value(),
        "EXPORTER_LANDING_BUCKET": zones.landing_bucket,
        "EXPORTER_CLEAN_BUCKET": zones.clean_bucket,
        "EXPORTER_GLUE_DATABASE": zones.glue_database,
        "EXPORTER_PSEUDONYM_KEY": zones.pseudonym_secret().decode(),
    }
    command = [sys.executable, "-c", KILLED_LOAD, str(DAY), step]

    killed = subprocess.run(command, env={**os.environ, **told}, check=False, timeout=60)  # noqa: TID251

    assert killed.returncode == -signal.SIGKILL
    with open_daily_load(zones) as daily_load:
        assert daily_load.ledger.loaded_days() == []
    load(zones, DAY)
    assert read_all(zones) == read_all(undisturbed)


def test_two_loads_of_a_day_at_once_give_the_rows_of_one(
    zones: ExporterSettings,
    undisturbed: ExporterSettings,
    fill: Callable[..., None],
    load: Load,
    read_all: Callable[[ExporterSettings], Everything],
) -> None:
    fill(1, zones, undisturbed)
    load(undisturbed, DAY)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: load(zones, DAY), range(2)))

    assert {report.state for report in reports} == {"loaded"}
    assert read_all(zones) == read_all(undisturbed)
