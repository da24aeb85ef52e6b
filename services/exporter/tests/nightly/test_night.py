"""Days that were missed are caught up, days that changed are loaded again, and no others."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update
from sqlalchemy.orm import Session

from exporter.nightly.ledger import RunState
from exporter.nightly.night import Failure
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.lake import EVENTS, PURCHASES
from storefront.models import Purchase, PurchaseLine

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
NEXT_MORNING = NOON + timedelta(days=1)
ONE_DAY = timedelta(days=1)

Buy = Callable[..., str]
Load = Callable[..., LoadReport]
Rows = Callable[..., list[dict[str, Any]]]
OpenAt = Callable[..., Any]


def catch_up(open_at: OpenAt, settings: ExporterSettings, **wiring: Any) -> list[date]:
    """Catch up on the morning after the day, and return what was loaded."""
    with open_at(settings, NEXT_MORNING, **wiring) as night:
        return [outcome.day for outcome in night.run(night.due())]


def test_a_day_that_did_not_change_is_left_alone(
    zones: ExporterSettings, buy: Buy, load: Load, open_at: OpenAt
) -> None:
    buy(NOON)
    load(zones, DAY)

    assert catch_up(open_at, zones) == []


def test_a_purchase_refunded_after_the_load_is_refunded_in_the_lake(
    zones: ExporterSettings, shop: Session, buy: Buy, load: Load, rows: Rows, open_at: OpenAt
) -> None:
    buy(NOON - ONE_DAY)
    refunded = buy(NOON)
    load(zones, DAY - ONE_DAY)
    load(zones, DAY)
    shop.execute(update(Purchase).where(Purchase.id == refunded).values(status="refunded"))
    shop.commit()

    assert catch_up(open_at, zones) == [DAY]
    assert [row["status"] for row in rows(zones, PURCHASES)] == ["placed", "refunded"]
    assert catch_up(open_at, zones) == []


def test_purchases_that_change_alike_do_not_hide_one_another(
    zones: ExporterSettings, shop: Session, buy: Buy, load: Load, open_at: OpenAt
) -> None:
    for _ in range(2):
        buy(NOON, status="delivered")
    load(zones, DAY)
    # As long as the old status, at the same moment: CRC-32 of both would differ by the same bits.
    shop.execute(update(Purchase).values(status="cancelled", updated_at=NEXT_MORNING))
    shop.commit()

    assert catch_up(open_at, zones) == [DAY]


def test_a_purchase_committed_after_the_snapshot_with_a_time_before_midnight_is_found(
    zones: ExporterSettings,
    shop: Session,
    owner_engine: Engine,
    buy: Buy,
    load: Load,
    rows: Rows,
    open_at: OpenAt,
) -> None:
    early = buy(NOON)
    purchase, line = _purchase("Z" * 26)
    with Session(owner_engine) as slow:
        slow.execute(insert(Purchase), purchase)
        slow.execute(insert(PurchaseLine), line)
        load(zones, DAY)
        assert [row["id"] for row in rows(zones, PURCHASES)] == [early]
        slow.commit()

    assert catch_up(open_at, zones) == [DAY]
    assert [row["id"] for row in rows(zones, PURCHASES)] == [early, "Z" * 26]


def test_an_event_that_came_days_late_is_loaded_into_its_own_day_the_night_it_is_met(
    zones: ExporterSettings,
    deliver: Callable[..., str],
    event: Callable[..., dict[str, Any]],
    load: Load,
    rows: Rows,
    open_at: OpenAt,
) -> None:
    load(zones, DAY - ONE_DAY)
    deliver(zones, NOON, event("late", NOON - ONE_DAY), event("on-time", NOON))

    with open_at(zones, NEXT_MORNING) as night:
        loaded = [outcome.day for outcome in night.run(night.yesterday_and_due())]

    assert loaded == [DAY, DAY - ONE_DAY]
    found = {row["event_id"]: row["business_day"] for row in rows(zones, EVENTS)}
    assert found == {"late": DAY - ONE_DAY, "on-time": DAY}


@pytest.mark.parametrize(("recheck_days", "found"), [(1, []), (2, [DAY - ONE_DAY])])
def test_only_the_latest_loaded_days_are_compared(
    recheck_days: int,
    found: list[date],
    new_zones: Callable[..., ExporterSettings],
    shop: Session,
    buy: Buy,
    load: Load,
    open_at: OpenAt,
) -> None:
    zones = new_zones(recheck_days=recheck_days)
    buy(NOON - ONE_DAY)
    load(zones, DAY - ONE_DAY)
    load(zones, DAY)
    shop.execute(update(Purchase).values(status="paid"))
    shop.commit()

    with open_at(zones, NEXT_MORNING) as night:
        assert night.due() == found


def test_missed_and_failed_and_partial_days_are_due_since_the_first_known_one(
    zones: ExporterSettings, load: Load, open_at: OpenAt
) -> None:
    load(zones, DAY - 4 * ONE_DAY)
    load(zones, DAY - 2 * ONE_DAY, clock=lambda: NOON - 2 * ONE_DAY)
    with open_at(zones, NEXT_MORNING) as night:
        ledger = night.load.ledger
        ledger.end(ledger.start(DAY - ONE_DAY), RunState.FAILED, {})

        assert night.due() == [DAY - each * ONE_DAY for each in (3, 2, 1, 0)]
        assert night.due(DAY) == [DAY]


def test_a_new_lake_begins_with_yesterday_or_with_the_day_given(
    zones: ExporterSettings, open_at: OpenAt
) -> None:
    with open_at(zones, NEXT_MORNING) as night:
        assert night.due() == [DAY]
        assert night.due(DAY - ONE_DAY) == [DAY - ONE_DAY, DAY]


def test_a_night_loads_yesterday_and_mends_the_nights_before(
    zones: ExporterSettings, load: Load, open_at: OpenAt
) -> None:
    load(zones, DAY - 3 * ONE_DAY)
    told: list[Sequence[date]] = []

    with open_at(zones, NEXT_MORNING, on_loaded=told.append) as night:
        outcomes = list(night.run(night.yesterday_and_due()))

    assert [outcome.day for outcome in outcomes] == [DAY, DAY - 2 * ONE_DAY, DAY - ONE_DAY]
    assert told == [[DAY - 2 * ONE_DAY, DAY - ONE_DAY, DAY]]


def test_a_day_that_fails_does_not_keep_the_others_out_and_is_tried_once(
    zones: ExporterSettings, shop: Session, buy: Buy, load: Load, open_at: OpenAt
) -> None:
    load(zones, DAY - 2 * ONE_DAY)
    broken = buy(NOON)
    shop.execute(update(PurchaseLine).values(line_total=Decimal("10.01")))
    shop.commit()
    told: list[Sequence[date]] = []

    with open_at(zones, NEXT_MORNING, on_loaded=told.append) as night:
        failure, report = night.run(night.yesterday_and_due())

    assert isinstance(failure, Failure)
    assert str(failure).startswith("2026-11-22: Quality gate closed: Nothing was published")
    assert f"lines_exact is broken by 1 rows, such as {broken}" in failure.reason
    assert report.day == DAY - ONE_DAY
    assert told == [[DAY - ONE_DAY]]


def test_what_nobody_expected_fails_its_day_only(zones: ExporterSettings, open_at: OpenAt) -> None:
    with open_at(zones, NEXT_MORNING, on_step=_fail_once()) as night:
        failure, report = night.run([DAY, DAY - ONE_DAY])

    assert str(failure) == "2026-11-22: OSError; the log says more."
    assert isinstance(report, LoadReport)


def _fail_once() -> Callable[[str], None]:
    steps: list[str] = []

    def fail(step: str) -> None:
        steps.append(step)
        if steps.count("stage events") == 1 and step == "stage events":
            raise OSError("the network is gone")

    return fail


def _purchase(id_: str) -> tuple[dict[str, Any], dict[str, Any]]:
    amount = Decimal("7.00")
    purchase = {
        "id": id_,
        "user_id": f"USER{1:022d}",
        "status": "placed",
        "subtotal": amount,
        "shipping": Decimal(),
        "tax": Decimal(),
        "total": amount,
        "currency": "INR",
        "purchased_at": NOON,
        "updated_at": NOON,
    }
    line = {"purchase_id": id_, "line_number": 1, "product_id": 1, "quantity": 1}
    return purchase, line | {"unit_price": amount, "line_total": amount}
