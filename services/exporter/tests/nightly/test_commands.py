"""The night's commands, as somebody at a prompt uses them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import update
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from exporter.__main__ import app
from exporter.nightly import commands
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.marts import SALES_DAILY
from fashion_kit.clock import day_of, utc_now
from storefront.models import Product, Purchase, PurchaseLine

DAY = date(2024, 11, 22)
NOON = datetime(2024, 11, 22, 5, tzinfo=UTC)
ONE_DAY = timedelta(days=1)

Buy = Callable[..., str]
Load = Callable[..., LoadReport]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def change(shop: Session, statement: Any) -> None:
    shop.execute(statement)
    shop.commit()


def test_a_range_of_days_is_loaded_and_the_one_that_fails_named_at_the_end(
    told: ExporterSettings, shop: Session, buy: Buy
) -> None:
    broken = buy(NOON)
    change(shop, update(PurchaseLine).values(line_total=Decimal("10.01")))

    result = call("run", "--from", DAY - ONE_DAY, "--to", DAY + ONE_DAY)

    assert result.exit_code == 1
    assert "2024-11-21 loaded" in result.stdout
    assert "2024-11-23 loaded" in result.stdout
    last = result.stderr.splitlines()[-1]
    assert last.startswith("2024-11-22: Quality gate closed: Nothing was published: ")
    assert f"lines_exact is broken by 1 rows, such as {broken}" in last


def test_the_marts_of_a_loaded_day_follow_it(
    told: ExporterSettings, buy: Buy, rows: Callable[..., list[dict[str, Any]]]
) -> None:
    buy(NOON, "19.99")

    result = call("run", "--day", DAY)

    assert result.exit_code == 0
    (sales,) = rows(told, SALES_DAILY)
    assert (sales["business_day"], sales["revenue"]) == (DAY, Decimal("19.99"))


def test_an_end_without_a_beginning_is_refused(told: ExporterSettings) -> None:
    result = call("run", "--to", DAY)

    assert result.exit_code == 2
    assert "--to needs --from" in result.stderr


def test_a_beginning_after_the_end_is_refused(told: ExporterSettings) -> None:
    result = call("run", "--from", "2026-11-23", "--to", "2026-11-22")

    assert result.exit_code == 2
    assert "is after" in result.stderr


def test_run_without_a_day_loads_yesterday_and_what_is_missing(
    told: ExporterSettings, load: Load
) -> None:
    yesterday = day_of(utc_now(), told.business_timezone) - ONE_DAY
    load(told, yesterday - 2 * ONE_DAY, clock=utc_now)

    result = call("run")

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines if " loaded in " in line] == [
        str(yesterday),
        str(yesterday - ONE_DAY),
    ]


def test_catch_up_begins_where_it_is_told(told: ExporterSettings, shop: Session) -> None:
    yesterday = day_of(utc_now(), told.business_timezone) - ONE_DAY

    assert call("catch-up", "--from", yesterday - ONE_DAY).exit_code == 0
    assert call("days").stdout.count("business_day") == 2
    assert call("catch-up").stdout == ""


def test_a_loaded_day_is_verified_as_equal(
    told: ExporterSettings,
    buy: Buy,
    deliver: Callable[..., str],
    event: Callable[..., dict[str, Any]],
) -> None:
    buy(NOON, "19.99", "0.01")
    deliver(told, NOON, event("e1", NOON))
    call("run", "--day", DAY)

    result = call("verify", "--day", DAY)

    assert result.stdout.splitlines() == [
        "purchases: 1 rows, equal to MySQL",
        "purchase_lines: 2 rows, equal to MySQL",
        "events: 1 rows, equal to the ledger",
        "products: 2 rows, equal to the latest load",
        "users: 3 rows, equal to the latest load",
    ]
    assert result.exit_code == 0


def test_a_day_that_was_never_loaded_and_had_no_purchases_is_equal(
    told: ExporterSettings, shop: Session
) -> None:
    assert call("verify", "--day", DAY).exit_code == 0


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (update(Purchase).values(status="refunded"), "purchases: differs. fingerprint is 1:20.00:"),
        (
            update(PurchaseLine).values(quantity=2),
            "purchase_lines: differs. quantity is 2 in the lake and 4 in MySQL",
        ),
    ],
    ids=["refunded", "another quantity"],
)
def test_verify_says_what_differs_and_fails(
    statement: Any, sentence: str, told: ExporterSettings, shop: Session, buy: Buy
) -> None:
    buy(NOON, "19.99", "0.01")
    call("run", "--day", DAY)
    change(shop, statement)
    # The shop goes on selling: stock is the load's, and no difference.
    change(shop, update(Product).values(stock=0))

    result = call("verify", "--day", DAY)

    assert result.exit_code == 1
    assert [line for line in result.stdout.splitlines() if "differs" in line] == [
        line for line in result.stdout.splitlines() if line.startswith(sentence)
    ]
    assert sentence in result.stdout


def test_status_tells_of_each_day_what_it_holds_and_whether_it_changed(
    told: ExporterSettings, shop: Session, buy: Buy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPORTER_RECHECK_DAYS", "3")
    yesterday = day_of(utc_now(), told.business_timezone) - ONE_DAY
    noon = datetime.combine(yesterday, NOON.time(), UTC)
    buy(noon - 2 * ONE_DAY, "1234.50")
    buy(noon)
    for each in (yesterday - 2 * ONE_DAY, yesterday):
        call("run", "--day", each)
    change(shop, update(Purchase).where(Purchase.purchased_at == noon).values(status="paid"))

    first, missing, last = call("status").stdout.splitlines()

    assert first.startswith(f"{yesterday - 2 * ONE_DAY} loaded rows=7 revenue=1,234.50 run=")
    assert first.endswith("changed=no")
    assert missing.startswith(f"{yesterday - ONE_DAY} missing rows=- revenue=- run=- seconds=-")
    assert last.endswith("changed=yes")


def test_status_is_a_table_on_a_terminal(
    told: ExporterSettings, shop: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("run", "--day", DAY)
    monkeypatch.setenv("EXPORTER_RECHECK_DAYS", "100000")
    monkeypatch.setattr(commands, "Console", lambda: Console(force_terminal=True, width=160))

    result = call("status")

    assert "revenue" in result.stdout
    assert "2024-11-22" in result.stdout


def test_the_status_of_a_new_lake_is_empty(told: ExporterSettings, shop: Session) -> None:
    assert call("status").stdout == ""
