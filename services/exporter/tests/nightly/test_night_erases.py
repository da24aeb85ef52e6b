"""The night's last part: whoever the shop has erased is gone by morning, whatever else fails."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from exporter.__main__ import app
from exporter.bootstrap import open_ledger
from exporter.erasure.accounts import ErasedAccounts
from exporter.erasure.service import ErasureReport
from exporter.errors import AlreadyRunningError
from exporter.nightly.night import Failure
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.lake import EVENTS, PURCHASES, USERS
from fashion_contracts.marts import CUSTOMER_RFM, SALES_DAILY
from storefront.models import User

DAY = date(2024, 11, 22)
NOON = datetime(2024, 11, 22, 5, tzinfo=UTC)
THEIR_ID = f"USER{1:022d}"

Buy = Callable[..., str]
Load = Callable[..., LoadReport]
OpenAt = Callable[..., Any]
Objects = Callable[[str], dict[str, bytes]]
Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def bought(
    told: ExporterSettings,
    shop: Session,
    buy: Buy,
    deliver: Callable[..., str],
    event: Callable[..., dict[str, Any]],
) -> ExporterSettings:
    """Return zones with a day of two buyers, one of whom the shop has erased since."""
    buy(NOON, "10.00", user=1)
    buy(NOON, "5.00", user=2)
    deliver(told, NOON, event("theirs", NOON), event("others", NOON, user_id=f"USER{2:022d}"))
    shop.execute(update(User).where(User.id == THEIR_ID).values(erased_at=NOON))
    shop.commit()
    return told


def test_whoever_the_shop_has_erased_is_gone_from_lake_and_landing_zone_by_morning(
    bought: ExporterSettings, rows: Rows, objects: Objects
) -> None:
    result = CliRunner().invoke(app, ["run", "--day", str(DAY)])

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].startswith("1 people erased: ")
    assert [row["event_id"] for row in rows(bought, EVENTS)] == ["others"]
    assert [row["user_key"] for row in rows(bought, PURCHASES)].count("erased") == 1
    assert len(rows(bought, USERS)) == 2
    assert len(rows(bought, CUSTOMER_RFM)) == 1
    assert THEIR_ID.encode() not in b"".join(objects(bought.landing_bucket).values())


def test_a_night_without_a_day_to_load_erases_too_and_the_next_has_nobody_to_erase(
    bought: ExporterSettings, load: Load, rows: Rows, open_at: OpenAt
) -> None:
    load(bought, DAY)

    with open_at(bought, NOON + timedelta(days=1)) as night:
        first, second = (list(night.run([])) for _ in range(2))

    assert [outcome.people for outcome in first] == [1]
    assert second == []
    assert len(rows(bought, USERS)) == 2


def test_an_erasure_that_fails_fails_the_run_and_leaves_days_and_marts(
    bought: ExporterSettings, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_the_database(_: ErasedAccounts) -> list[str]:
        raise OSError("the network is gone")

    monkeypatch.setattr(ErasedAccounts, "ids", lose_the_database)

    result = CliRunner().invoke(app, ["run", "--day", str(DAY)])

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "the erasure: OSError; the log says more."
    assert open_ledger(bought).loaded_days() == [DAY]
    assert len(rows(bought, PURCHASES)) == 2
    assert len(rows(bought, SALES_DAILY)) == 1


def test_marts_that_fail_do_not_keep_people_in_the_lake(
    bought: ExporterSettings, open_at: OpenAt
) -> None:
    def fail(_: object) -> None:
        raise OSError("no more memory")

    with open_at(bought, NOON + timedelta(days=1), on_loaded=fail) as night:
        report, marts, erased = night.run([DAY])

    assert isinstance(report, LoadReport)
    assert str(marts) == "the marts: OSError; the log says more."
    assert isinstance(erased, ErasureReport)


def test_a_load_elsewhere_is_waited_for(bought: ExporterSettings, open_at: OpenAt) -> None:
    hurried = bought.model_copy(update={"lock_wait": timedelta(0)})
    with (
        open_at(bought, NOON + timedelta(days=1)) as other,
        open_at(hurried, NOON + timedelta(days=1)) as night,
        other.load.source.locked(),
    ):
        (failure,) = night.run([])

    assert isinstance(failure, Failure)
    assert failure.part == "the erasure"
    assert failure.reason.startswith(AlreadyRunningError.title)


def test_what_was_loaded_can_be_read_into_the_report_afterwards(
    bought: ExporterSettings, tmp_path: Any
) -> None:
    CliRunner().invoke(app, ["run", "--day", str(DAY)])

    result = CliRunner().invoke(app, ["report", "--day", str(DAY), "--out", str(tmp_path)])

    assert result.exit_code == 0, result.output
    assert "2 purchases" in (tmp_path / f"{DAY}.html").read_text()
