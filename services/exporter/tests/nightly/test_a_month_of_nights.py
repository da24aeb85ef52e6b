"""Thirty nights of a shop to which everything happens: at the end all its books say the same.

September 2010 in Cairo: the 10th has 23 hours and the 30th has 25, both changed at midnight.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyiceberg.schema import Schema
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.orm import Session

from exporter.bootstrap import open_night
from exporter.lake import iceberg
from exporter.lake.tables import iceberg_schema
from exporter.nightly.ledger import Ledger, RunState
from exporter.nightly.night import Night
from exporter.nightly.report import LoadReport
from exporter.privacy import Pseudonyms
from exporter.settings import ExporterSettings
from fashion_contracts.lake import EVENTS, PURCHASE_LINES, PURCHASES, Table
from fashion_kit.clock import day_interval, day_of
from storefront.models import Purchase, PurchaseLine

SEED = 1001
CAIRO = ZoneInfo("Africa/Cairo")
MONTH = [date(2010, 9, 3) + timedelta(days=number) for number in range(30)]
PURCHASES_A_DAY, EVENTS_A_DAY, EVENTS_AN_OBJECT = 20, 100, 25
DELIVERY, NIGHT = timedelta(minutes=5), timedelta(minutes=10)
"""How long an object takes; and when the night begins, after all that comes in time has come."""
TICK = timedelta(microseconds=1)

# What happens to which of the days, by their numbers.
DELIVERED_LATE = {4: 1, 11: 3}
"""By how many days one object of the day's events comes late."""
CANCELLED, REFUNDED, CHANGED = (4, 22), (22,), 3
"""Of which days so many purchases are cancelled or refunded on the next one."""
BAD_LINES = (7, 20)
MISSED, KILLED, SLOW = 6, 15, 18
NEW_IN_MYSQL, NEW_IN_CONTRACT = 17, 20

Row = dict[str, Any]
Rows = Callable[[ExporterSettings, Table], list[Row]]


class PowerCutError(BaseException):
    """Ends a night as nothing that it may catch does."""


@dataclass
class Shop:
    """The shop's database and landing zone, and what was sent there."""

    engine: Engine
    deliver: Callable[..., str]
    event: Callable[..., Row]
    random: Random = field(default_factory=lambda: Random(SEED))
    sent: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    """Each event's lines, by its id."""
    under_way: dict[int, list[Row]] = field(default_factory=dict)
    """Lines that arrive on a later day, by its number."""

    def live(self, number: int) -> None:
        """Let a day pass: its purchases, its events, and what came of the days before it."""
        start, end = day_interval(MONTH[number], CAIRO)
        with self.engine.begin() as connection:
            for at in [start, end - TICK, *self._moments(start, end, PURCHASES_A_DAY - 2)]:
                self.buy(connection, at)
            for status, days in (("cancelled", CANCELLED), ("refunded", REFUNDED)):
                if number - 1 in days:
                    self._change(connection, MONTH[number - 1], status, start + NIGHT * 2)
        self._act(number, start, end)
        if number in self.under_way:
            self.deliver(start + NIGHT, *self.under_way.pop(number))

    def buy(self, connection: Connection, at: datetime) -> str:
        """Write a purchase of one to three lines, and return its id."""
        id_ = f"{self.random.getrandbits(80):026d}"
        lines = []
        for number in range(1, self.random.randint(1, 3) + 1):
            price, quantity = self._money(1_000_00), self.random.randint(1, 4)
            line: Row = {"purchase_id": id_, "line_number": number, "quantity": quantity}
            line |= {"product_id": self.random.randint(1, 2), "unit_price": price}
            lines.append(line | {"line_total": price * quantity})
        amounts: Row = {"subtotal": sum(line["line_total"] for line in lines)}
        amounts |= {"shipping": self._money(9_00), "tax": self._money(99_00)}
        purchase: Row = {"id": id_, "user_id": f"USER{self.random.randint(1, 3):022d}"}
        purchase |= {"status": "placed", "currency": "INR", "purchased_at": at, "updated_at": at}
        purchase |= amounts | {"total": sum(amounts.values())}
        connection.execute(insert(Purchase), purchase)
        connection.execute(insert(PurchaseLine), lines)
        return id_

    def _act(self, number: int, start: datetime, end: datetime) -> None:
        """Deliver the day's events in objects, each with one event once more."""
        moments = self._moments(start, end, EVENTS_A_DAY)
        for first in range(0, EVENTS_A_DAY, EVENTS_AN_OBJECT):
            known = list(self.sent)[-2 * EVENTS_A_DAY :]
            some = moments[first : first + EVENTS_AN_OBJECT]
            lines = [self._event(f"{number}-{first + place}", at) for place, at in enumerate(some)]
            again = self.random.sample(known, min(3, len(known)))
            lines += [self.sent[id_][0] | {"received_at": some[-1].isoformat()} for id_ in again]
            for line in lines:
                self.sent[line["event_id"]].append(line)
            if first == 0 and number in DELIVERED_LATE:
                self.under_way[number + DELIVERED_LATE[number]] = lines
            else:
                self.deliver(some[-1] + DELIVERY, *lines)
        if number in BAD_LINES:
            self.deliver(end - TICK, "no json")

    def _event(self, id_: str, at: datetime) -> Row:
        at -= timedelta(microseconds=at.microsecond % 1_000)
        fields: Row = {"user_id": f"USER{self.random.randint(1, 3):022d}"}
        place = {"id": "home", "position": self.random.randint(1, 9)}
        clicked: Row = {"type": "list_click", "list": place} if self.random.random() < 0.5 else {}
        line: Row = self.event(id_, at, product_id=self.random.randint(1, 2), **fields, **clicked)
        return line

    def _change(self, connection: Connection, day: date, status: str, at: datetime) -> None:
        start, end = day_interval(day, CAIRO)
        of_day = Purchase.purchased_at.between(start, end - TICK)
        ids = connection.scalars(
            select(Purchase.id).where(of_day, Purchase.status == "placed").order_by(Purchase.id)
        )
        some = self.random.sample(list(ids), CHANGED)
        changed = update(Purchase).where(Purchase.id.in_(some))
        connection.execute(changed.values(status=status, updated_at=at))

    def _moments(self, start: datetime, end: datetime, count: int) -> list[datetime]:
        ticks = [self.random.randrange((end - start) // TICK) for _ in range(count)]
        return [start + tick * TICK for tick in sorted(ticks)]

    def _money(self, most_cents: int) -> Decimal:
        return Decimal(self.random.randint(1, most_cents)) / 100


@pytest.fixture
def cairo(new_zones: Callable[..., ExporterSettings]) -> ExporterSettings:
    return new_zones(business_timezone=CAIRO)


@pytest.fixture
def month(
    shop: Session,
    owner_engine: Engine,
    cairo: ExporterSettings,
    deliver: Callable[..., str],
    event: Callable[..., Row],
) -> Iterator[Shop]:
    """Return the shop; the column that MySQL is given meanwhile goes afterwards."""
    yield Shop(owner_engine, lambda *what: deliver(cairo, *what), event)
    with owner_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE purchases DROP COLUMN IF EXISTS gift_note")


class Nights:
    """The nights after the days, and all that goes wrong in them."""

    def __init__(self, shop: Shop, settings: ExporterSettings) -> None:
        self._shop = shop
        self._settings = settings
        self._now = datetime(2010, 1, 1, tzinfo=UTC)
        self._dies_at = ""
        self.loads: Counter[date] = Counter()

    def run(self) -> Ledger:
        """Run all of them, and return the ledger."""
        with ExitStack() as before, self._open() as night:
            older = before.enter_context(pytest.MonkeyPatch.context())
            older.setattr(iceberg, "iceberg_schema", _without("list_id", iceberg_schema))
            for number in range(len(MONTH)):
                if number == NEW_IN_CONTRACT:
                    before.close()
                if number == NEW_IN_MYSQL:
                    self._add_a_column()
                self._shop.live(number)
                self._now = day_interval(MONTH[number], CAIRO)[1] + NIGHT
                self._night(number, night)
            assert night.due() == []
            return night.load.ledger

    def _night(self, number: int, night: Night) -> None:
        if number == KILLED:
            self._dies_at = "publish purchase_lines"
            with pytest.raises(PowerCutError):
                self._count(night.run(night.yesterday_and_due()))
            self._dies_at = ""
        elif number == SLOW:
            with self._shop.engine.connect() as connection, connection.begin():
                at = day_interval(MONTH[number], CAIRO)[1] - TICK
                self._shop.buy(connection, at)
                self._count(night.run(night.yesterday_and_due()))
        elif number != MISSED:
            self._count(night.run(night.yesterday_and_due()))

    def _open(self) -> AbstractContextManager[Night]:
        return open_night(self._settings, clock=lambda: self._now, on_step=self._on_step)

    def _on_step(self, step: str) -> None:
        if step == self._dies_at:
            raise PowerCutError

    def _count(self, outcomes: Iterable[object]) -> None:
        for outcome in outcomes:
            assert isinstance(outcome, LoadReport), outcome
            self.loads[outcome.day] += 1

    def _add_a_column(self) -> None:
        with self._shop.engine.begin() as connection:
            connection.exec_driver_sql(
                "ALTER TABLE purchases ADD COLUMN gift_note VARCHAR(9) NOT NULL DEFAULT 'none'"
                " AFTER user_id"
            )


def _without(name: str, schema_of: Callable[[Table], Schema]) -> Callable[[Table], Schema]:
    """Return what the contract's schemas were before it had a column."""

    def older(table: Table) -> Schema:
        return Schema(*(field for field in schema_of(table).fields if field.name != name))

    return older


def test_ledger_lake_and_mysql_agree_day_by_day_and_event_by_event(
    month: Shop, cairo: ExporterSettings, rows: Rows
) -> None:
    nights = Nights(month, cairo)
    ledger = nights.run()

    lengths = Counter(end - start for start, end in (day_interval(day, CAIRO) for day in MONTH))
    assert lengths == {timedelta(hours=hours): days for hours, days in ((24, 28), (23, 1), (25, 1))}
    again = {*DELIVERED_LATE, *CANCELLED, *REFUNDED, SLOW}
    assert {MONTH.index(day) for day, count in nights.loads.items() if count > 1} == again
    runs = ledger.latest_runs()
    assert [(run.day, run.state) for run in runs] == [(day, RunState.LOADED) for day in MONTH]
    written = {run.day: ledger.details(run)["totals"] for run in runs}

    bought = _agree_on_purchases(month.engine, cairo, written, rows)
    states = Counter(row["status"] for row in bought)
    assert states["cancelled"] == CHANGED * len(CANCELLED)
    assert states["refunded"] == CHANGED * len(REFUNDED)
    # And the one that the slow transaction wrote.
    assert states.total() == PURCHASES_A_DAY * len(MONTH) + 1
    _agree_on_events(month.sent, cairo, written, rows)


def _agree_on_purchases(
    engine: Engine, settings: ExporterSettings, written: dict[date, dict[str, str]], rows: Rows
) -> list[Row]:
    keys = Pseudonyms(settings.pseudonym_secret())
    with engine.connect() as connection:
        bought = [dict(row) for row in connection.execute(select(*_columns(Purchase))).mappings()]
        lines = [
            dict(row) for row in connection.execute(select(*_columns(PurchaseLine))).mappings()
        ]
    for purchase in bought:
        purchase["user_key"] = keys.of_user(purchase.pop("user_id"))
        purchase["business_day"] = day_of(purchase["purchased_at"], CAIRO)
    days = {purchase["id"]: purchase["business_day"] for purchase in bought}
    for line in lines:
        line["business_day"] = days[line["purchase_id"]]
    for table, expected in ((PURCHASES, bought), (PURCHASE_LINES, lines)):
        found = rows(settings, table)
        names = expected[0].keys()
        assert [{name: row[name] for name in names} for row in found] == sorted(
            expected, key=lambda row: [row[name] for name in table.key]
        )
    assert written.keys() == set(days.values())
    for day, totals in written.items():
        of_day = [purchase for purchase in bought if purchase["business_day"] == day]
        of_them = [line for line in lines if line["business_day"] == day]
        assert Decimal(totals["purchases.rows"]) == len(of_day)
        assert Decimal(totals["purchases.total"]) == sum(row["total"] for row in of_day)
        assert Decimal(totals["purchase_lines.line_total"]) == sum(
            row["line_total"] for row in of_them
        )
    return bought


def _agree_on_events(
    sent: dict[str, list[Row]],
    settings: ExporterSettings,
    written: dict[date, dict[str, str]],
    rows: Rows,
) -> None:
    found = rows(settings, EVENTS)
    assert [row["event_id"] for row in found] == sorted(sent)
    for row in found:
        lines = sent[row["event_id"]]
        first, times = lines[0], [datetime.fromisoformat(line["received_at"]) for line in lines]
        assert row["received_at"] in times
        assert row["business_day"] == day_of(row["received_at"], CAIRO)
        assert row["event_time"] == datetime.fromisoformat(first["event_time"])
        assert (row["type"], row["product_id"]) == (first["type"], first["product_id"])
        # What the contract did not have then is null, unless the day was loaded again since.
        listed = [first["list"]["id"] if "list" in first else None]
        if row["business_day"] < MONTH[NEW_IN_CONTRACT]:
            listed.append(None)
        assert row["list_id"] in listed
    by_day = Counter(row["business_day"] for row in found)
    assert by_day == {day: int(totals["events.rows"]) for day, totals in written.items()}
    assert any(row["list_id"] for row in found)


def _columns(model: type[Purchase | PurchaseLine]) -> list[Any]:
    return list(model.__table__.columns)
