"""What the workshop behind this pipeline gets wrong at night, each fault by its number there."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyiceberg.types import DecimalType, TimestamptzType

from exporter.lake.catalog import open_catalog
from exporter.nightly.days import requested_day
from exporter.nightly.report import LoadReport
from exporter.settings import ExporterSettings
from fashion_contracts.lake import EVENTS, PURCHASE_LINES, PURCHASES, TABLES
from fashion_kit.clock import day_interval
from infra.definitions import SCHEDULE

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = date(2026, 11, 22)
START, END = day_interval(DAY, SAIGON)

Buy = Callable[..., str]
Deliver = Callable[..., str]
Event = Callable[..., dict[str, Any]]
Load = Callable[..., LoadReport]
Rows = Callable[..., list[dict[str, Any]]]


def test_fault_5_what_is_written_and_what_is_read_is_one_day(
    zones: ExporterSettings, buy: Buy, deliver: Deliver, event: Event, load: Load, rows: Rows
) -> None:
    one_minute_past_midnight = END + timedelta(minutes=1)
    day = requested_day(None, name="--day", now=one_minute_past_midnight, timezone=SAIGON)
    buy(START)
    deliver(zones, START, event("e-1", START))

    load(zones, day)

    assert day == DAY
    found = [row["business_day"] for table in (PURCHASES, EVENTS) for row in rows(zones, table)]
    assert found == [DAY, DAY]


def test_fault_5_one_schedule_starts_one_load_in_the_shops_own_timezone() -> None:
    assert SCHEDULE.timezone == str(SAIGON)


def test_fault_6_the_last_second_belongs_to_the_day(
    zones: ExporterSettings, buy: Buy, load: Load, rows: Rows
) -> None:
    last = buy(END - timedelta(microseconds=1))
    buy(END)

    load(zones, DAY)

    (found,) = rows(zones, PURCHASES)
    assert found["id"] == last
    assert found["purchased_at"] == END - timedelta(microseconds=1)


def test_fault_6_instants_have_their_zone_and_money_is_no_float(
    zones: ExporterSettings, load: Load
) -> None:
    load(zones, DAY)

    for table in (PURCHASES, PURCHASE_LINES, EVENTS):
        schema = open_catalog().load_table((zones.glue_database, table.name)).schema()
        types = {field.name: field.field_type for field in schema.fields}
        moments = {name for name in types if name.endswith("_at") or name == "event_time"}
        amounts = {"subtotal", "shipping", "tax", "total", "unit_price", "line_total", "price"}
        assert {types[name] for name in moments} == {TimestamptzType()}
        assert {types[name] for name in amounts & set(types)} == {DecimalType(12, 2)}


@pytest.mark.parametrize("hour", [0, 1, 12, 23])
def test_fault_7_every_hour_of_the_day_is_read(
    hour: int, zones: ExporterSettings, deliver: Deliver, event: Event, load: Load, rows: Rows
) -> None:
    at = START + timedelta(hours=hour, minutes=59)
    deliver(zones, at, event("e-1", at))

    load(zones, DAY)

    assert [row["event_id"] for row in rows(zones, EVENTS)] == ["e-1"]


def test_fault_7_a_bad_line_and_a_blank_one_and_a_duplicate_cost_nothing(
    zones: ExporterSettings, deliver: Deliver, event: Event, load: Load, rows: Rows
) -> None:
    good = event("e-1", START)
    deliver(zones, START, '{"half an', good, "", good, event("e-2", START), end=b"\n\n")

    report = load(zones, DAY)

    assert [row["event_id"] for row in rows(zones, EVENTS)] == ["e-1", "e-2"]
    assert (report.intake.bad, report.intake.duplicates) == (1, 1)


def test_fault_8_prices_arrive_and_revenue_is_never_null(
    zones: ExporterSettings, buy: Buy, deliver: Deliver, event: Event, load: Load, rows: Rows
) -> None:
    buy(START, "19.99", "0.01")
    deliver(zones, START, event("e-1", START, price="19.99", currency="INR"))

    load(zones, DAY)

    assert [row["total"] for row in rows(zones, PURCHASES)] == [Decimal("20.00")]
    assert sum(row["line_total"] for row in rows(zones, PURCHASE_LINES)) == Decimal("20.00")
    assert [row["price"] for row in rows(zones, EVENTS)] == [Decimal("19.99")]


def test_fault_9_tables_are_in_the_catalogue_without_a_crawler(
    zones: ExporterSettings, load: Load
) -> None:
    load(zones, DAY, clock=lambda: datetime(2030, 1, 1, tzinfo=UTC))

    listed = {name for _, name in open_catalog().list_tables(zones.glue_database)}
    assert {table.name for table in TABLES} <= listed
