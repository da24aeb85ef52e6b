"""The ledger: which days are loaded, and what became of each run."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from exporter.nightly.ledger import Ledger, RunState
from exporter.settings import ExporterSettings
from fashion_kit.aws import client

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def ledger(zones: ExporterSettings) -> Ledger:
    numbers = count(1)
    return Ledger(
        client("s3"),
        zones.clean_bucket,
        clock=lambda: NOW,
        new_id=lambda: f"{next(numbers):026d}",
    )


def test_an_empty_ledger_knows_no_day(ledger: Ledger) -> None:
    assert ledger.loaded_days() == []


@pytest.mark.parametrize(
    ("states", "is_loaded"),
    [
        ([RunState.LOADED], True),
        ([RunState.PARTIAL], False),
        ([RunState.FAILED], False),
        ([None], False),
        ([RunState.FAILED, RunState.LOADED], True),
        ([RunState.PARTIAL, RunState.LOADED], True),
        ([RunState.LOADED, RunState.FAILED], False),
        ([RunState.LOADED, None], False),
    ],
)
def test_a_day_is_loaded_when_its_latest_run_loaded_all_of_it(
    states: list[RunState | None], is_loaded: bool, ledger: Ledger
) -> None:
    for state in states:
        run = ledger.start(DAY)
        if state is not None:
            ledger.end(run, state, {})

    assert ledger.loaded_days() == ([DAY] if is_loaded else [])


def test_loaded_days_come_in_order(ledger: Ledger) -> None:
    for offset in (2, 0, 1):
        ledger.end(ledger.start(DAY + timedelta(days=offset)), RunState.LOADED, {})

    assert ledger.loaded_days() == [DAY + timedelta(days=offset) for offset in range(3)]


def test_other_objects_in_the_folder_are_no_entries(
    ledger: Ledger, zones: ExporterSettings
) -> None:
    client("s3").put_object(Bucket=zones.clean_bucket, Key="ledger/readme.txt", Body=b"")

    assert ledger.loaded_days() == []


def test_an_entry_says_what_came_of_the_run(
    ledger: Ledger, zones: ExporterSettings, objects: Callable[[str], dict[str, bytes]]
) -> None:
    ledger.end(ledger.start(DAY), RunState.LOADED, {"totals": {"purchases.rows": "1"}})

    run_id = f"{1:026d}"
    key = f"ledger/business_day=2026-11-22/state=loaded/{run_id}.json"
    assert json.loads(objects(zones.clean_bucket)[key]) == {
        "business_day": "2026-11-22",
        "run_id": run_id,
        "state": "loaded",
        "started_at": NOW.isoformat(),
        "finished_at": NOW.isoformat(),
        "totals": {"purchases.rows": "1"},
    }
