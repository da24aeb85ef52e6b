"""A whole night: what is in the lake afterwards, and that it adds up."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from exporter.books.snapshot import LOCK, Snapshot
from exporter.bootstrap import open_daily_load
from exporter.errors import AlreadyRunningError, DayNotBegunError, ReconciliationError
from exporter.lake.catalog import open_catalog
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.lake import EVENTS, PRODUCTS, PURCHASE_LINES, PURCHASES, TABLES, USERS
from storefront.models import Product, Purchase

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
END = datetime(2026, 11, 22, 17, tzinfo=UTC)
TICK = timedelta(microseconds=1)

Buy = Callable[..., str]
Load = Callable[..., LoadReport]
Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def read_all(rows: Rows) -> Callable[[ExporterSettings], dict[str, list[dict[str, Any]]]]:
    return lambda zones: {table.name: rows(zones, table) for table in TABLES}


def test_a_purchase_and_its_lines_reach_the_lake(
    zones: ExporterSettings, buy: Buy, load: Load, rows: Rows
) -> None:
    purchase_id = buy(NOON, "19.99", "0.01")

    load(zones, DAY)

    (purchase,) = rows(zones, PURCHASES)
    lines = rows(zones, PURCHASE_LINES)
    assert purchase == {
        "id": purchase_id,
        "user_key": purchase["user_key"],
        "status": "placed",
        "subtotal": Decimal("20.00"),
        "shipping": Decimal("0.00"),
        "tax": Decimal("0.00"),
        "total": Decimal("20.00"),
        "currency": "INR",
        "line_count": 2,
        "purchased_at": NOON,
        "updated_at": NOON,
        "business_day": DAY,
    }
    assert [line["line_total"] for line in lines] == [Decimal("19.99"), Decimal("0.01")]
    assert {line["user_key"] for line in lines} == {purchase["user_key"]}


def test_money_is_exact_where_floats_are_not(
    zones: ExporterSettings, buy: Buy, load: Load, rows: Rows
) -> None:
    buy(NOON, *["0.10"] * 3, "9999999.99")

    report = load(zones, DAY)

    assert report.totals["purchases.total"] == Decimal("10000000.29")
    assert sum(row["line_total"] for row in rows(zones, PURCHASE_LINES)) == Decimal("10000000.29")


def test_products_and_users_are_the_shops_own(
    zones: ExporterSettings, load: Load, rows: Rows
) -> None:
    load(zones, DAY)

    first, _ = rows(zones, PRODUCTS)
    assert (first["product_display_name"], first["base_colour"]) == ("Shirt no. 1", None)
    assert [row["sex"] for row in rows(zones, USERS)] == ["F"] * 3


def test_a_day_without_anything_is_loaded_too(
    zones: ExporterSettings, load: Load, rows: Rows
) -> None:
    report = load(zones, DAY)

    assert report.state == "loaded"
    assert rows(zones, PURCHASES) == rows(zones, EVENTS) == []


def test_a_day_loaded_again_has_the_same_rows(
    zones: ExporterSettings,
    buy: Buy,
    load: Load,
    read_all: Callable[[ExporterSettings], dict[str, list[dict[str, Any]]]],
    deliver: Callable[..., str],
    event: Callable[..., dict[str, Any]],
) -> None:
    buy(NOON, "1.00", "2.00")
    deliver(zones, NOON, event("e1", NOON), event("e2", NOON))
    load(zones, DAY)
    once = read_all(zones)

    load(zones, DAY)

    assert read_all(zones) == once


def test_a_day_loaded_again_leaves_other_days_alone(
    zones: ExporterSettings, shop: Session, buy: Buy, load: Load, rows: Rows
) -> None:
    buy(NOON - timedelta(days=1))
    corrected = buy(NOON)
    load(zones, DAY - timedelta(days=1))
    load(zones, DAY)
    shop.execute(update(Purchase).values(status="refunded"))
    shop.commit()

    load(zones, DAY)

    status = {row["id"]: row["status"] for row in rows(zones, PURCHASES)}
    assert status.pop(corrected) == "refunded"
    assert set(status.values()) == {"placed"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "later day first"])
def test_an_event_sent_again_over_midnight_is_in_one_day_only(
    order: tuple[int, int],
    zones: ExporterSettings,
    load: Load,
    deliver: Callable[..., str],
    event: Callable[..., dict[str, Any]],
    rows: Rows,
) -> None:
    deliver(zones, END, event("e", END - TICK), event("e", END))

    for offset in (*order, *order):
        load(zones, DAY + timedelta(days=offset))

    assert [row["event_id"] for row in rows(zones, EVENTS)] == ["e"]


def test_an_event_reaches_the_lake_with_its_price(
    zones: ExporterSettings,
    load: Load,
    deliver: Callable[..., str],
    event: Callable[..., dict[str, Any]],
    rows: Rows,
) -> None:
    deliver(zones, NOON, event("e", NOON, price="19.90", currency="INR"))

    load(zones, DAY)

    (row,) = rows(zones, EVENTS)
    assert (row["price"], row["currency"], row["received_at"]) == (Decimal("19.90"), "INR", NOON)


def test_a_day_is_replaced_in_one_snapshot(zones: ExporterSettings, buy: Buy, load: Load) -> None:
    buy(NOON)
    load(zones, DAY)

    report = load(zones, DAY)

    table = open_catalog().load_table((zones.glue_database, "purchases"))
    assert [snapshot.snapshot_id for snapshot in table.snapshots()][1:] == [
        report.snapshots["purchases"]
    ]
    assert [table.scan(snapshot_id=s.snapshot_id).count() for s in table.snapshots()] == [1, 1]


def test_purchases_committed_while_the_load_reads_are_not_seen(
    zones: ExporterSettings, buy: Buy, load: Load, rows: Rows
) -> None:
    buy(NOON)

    def buy_meanwhile(step: str) -> None:
        if step in {"stage products", "stage purchases"}:
            buy(NOON)

    load(zones, DAY, on_step=buy_meanwhile)

    assert len(rows(zones, PURCHASES)) == len(rows(zones, PURCHASE_LINES)) == 1


def test_ids_that_do_not_follow_the_time_are_no_fault(
    zones: ExporterSettings, buy: Buy, load: Load, rows: Rows
) -> None:
    bought = [buy(NOON - timedelta(minutes=number), "1.00", "2.00") for number in range(20)]

    load(zones, DAY)

    assert [row["id"] for row in rows(zones, PURCHASES)] == bought
    assert len(rows(zones, PURCHASE_LINES)) == 40


def test_many_rows_make_several_files_and_none_is_lost(
    new_zones: Callable[..., ExporterSettings], buy: Buy, load: Load, rows: Rows
) -> None:
    zones = new_zones(page_rows=3, row_group_rows=3, rows_per_file=4)
    bought = [buy(NOON) for _ in range(10)]

    load(zones, DAY)

    table = open_catalog().load_table((zones.glue_database, "purchases"))
    assert len(list(table.scan().plan_files())) > 1
    assert [row["id"] for row in rows(zones, PURCHASES)] == bought


def test_what_does_not_add_up_is_not_published(
    zones: ExporterSettings, buy: Buy, load: Load, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(NOON)
    load(zones, DAY)
    buy(NOON)
    read = Snapshot.users

    def lose_one(snapshot: Snapshot) -> Iterator[Any]:
        for users in read(snapshot):
            yield users[:-1]

    monkeypatch.setattr(Snapshot, "users", lose_one)

    with pytest.raises(ReconciliationError, match=r"users.rows: 2 written, 3 expected"):
        load(zones, DAY)

    assert len(rows(zones, PURCHASES)) == len(rows(zones, PURCHASE_LINES)) == 1
    with open_daily_load(zones) as daily_load:
        assert daily_load.ledger.loaded_days() == []


def test_a_day_that_has_not_begun_is_refused(zones: ExporterSettings, load: Load) -> None:
    with pytest.raises(DayNotBegunError):
        load(zones, DAY, clock=lambda: END - timedelta(days=1, seconds=1))


def test_a_day_that_has_not_ended_is_loaded_in_part(
    zones: ExporterSettings, buy: Buy, load: Load
) -> None:
    buy(NOON)

    report = load(zones, DAY, clock=lambda: NOON)

    assert report.state == "partial"
    assert report.totals["purchases.rows"] == 1


@pytest.mark.parametrize(("minutes_after_end", "waited"), [(1, [300.0]), (6, [])])
def test_a_load_right_after_midnight_waits_for_the_last_deliveries(
    minutes_after_end: int, waited: list[float], zones: ExporterSettings, load: Load
) -> None:
    pauses: list[float] = []
    now = END + timedelta(minutes=minutes_after_end)

    load(zones, DAY, clock=lambda: now, pause=pauses.append)

    assert pauses == waited


def test_a_load_gives_up_when_another_one_does_not_end(
    new_zones: Callable[..., ExporterSettings], shop: Session, load: Load
) -> None:
    connection = shop.connection()
    connection.exec_driver_sql(f"SELECT GET_LOCK('{LOCK}', 0)")

    with pytest.raises(AlreadyRunningError):
        load(new_zones(lock_wait="PT0S"), DAY)

    connection.exec_driver_sql(f"SELECT RELEASE_LOCK('{LOCK}')")


def test_the_catalogue_is_replaced_whole(
    zones: ExporterSettings, shop: Session, load: Load, rows: Rows
) -> None:
    load(zones, DAY)
    shop.execute(update(Product).where(Product.id == 1).values(stock=0, is_active=False))
    shop.commit()

    load(zones, DAY)

    assert [(row["stock"], row["is_active"]) for row in rows(zones, PRODUCTS)] == [
        (0, False),
        (5, True),
    ]
