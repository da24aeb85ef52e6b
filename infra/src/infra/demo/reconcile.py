"""The books against the lake: every purchase, unit, cent and event must be in both, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Engine, text

from exporter.queries import LakeQueries

BOOKS = """
    SELECT
        (SELECT COUNT(*) FROM purchases) AS purchases,
        (SELECT COALESCE(SUM(total), 0) FROM purchases) AS revenue,
        (SELECT COALESCE(SUM(line_total), 0) FROM purchase_lines) AS revenue_of_lines,
        (SELECT COALESCE(SUM(quantity), 0) FROM purchase_lines) AS units_sold,
        (SELECT COALESCE(-SUM(quantity), 0) FROM stock_movements WHERE reason = 'purchase')
            AS units_moved,
        (SELECT COALESCE(SUM(quantity), 0) FROM stock_movements WHERE reason = 'initial')
            - (SELECT SUM(stock) FROM products) AS units_gone
"""
OVERSOLD = """
    SELECT COALESCE(-SUM(missing), 0) FROM (
        SELECT SUM(quantity) AS missing FROM stock_movements GROUP BY product_id
        HAVING SUM(quantity) < 0
    ) AS sold_too_often
"""


@dataclass(frozen=True)
class Books:
    """What MySQL says."""

    purchases: int
    revenue: Decimal
    revenue_of_lines: Decimal
    units_sold: int
    units_moved: int
    units_gone: int
    oversold: int
    """Units that were sold and never there."""
    purchase_ids: frozenset[str]
    outbox_event_ids: frozenset[str]

    @classmethod
    def read(cls, engine: Engine) -> "Books":
        """Read the books in one snapshot."""
        with engine.connect() as connection:
            sums = connection.execute(text(BOOKS)).one()
            return cls(
                purchases=sums.purchases,
                revenue=sums.revenue,
                revenue_of_lines=sums.revenue_of_lines,
                units_sold=int(sums.units_sold),
                units_moved=int(sums.units_moved),
                units_gone=int(sums.units_gone),
                oversold=int(connection.execute(text(OVERSOLD)).scalar_one()),
                purchase_ids=frozenset(connection.scalars(text("SELECT id FROM purchases"))),
                outbox_event_ids=frozenset(connection.scalars(text("SELECT event_id FROM outbox"))),
            )


@dataclass(frozen=True)
class Lake:
    """What the clean zone says of the days of the demo."""

    purchases: int
    purchase_ids: frozenset[str]
    revenue: Decimal
    units: int
    event_rows: int
    event_ids: frozenset[str]

    @classmethod
    def read(cls, queries: LakeQueries, days: Sequence[date]) -> "Lake":
        """Read the days by SQL over the lake."""
        among = ", ".join(f"DATE '{day}'" for day in days)
        during = f"WHERE business_day IN ({among})"  # our own dates, nobody's input
        purchases = queries.query(f"SELECT id, total FROM purchases {during}").rows  # noqa: S608
        units = queries.query(
            f"SELECT COALESCE(SUM(quantity), 0) FROM purchase_lines {during}"  # noqa: S608
        ).rows[0][0]
        events = queries.query(f"SELECT event_id FROM events {during}").rows  # noqa: S608
        return cls(
            purchases=len(purchases),
            purchase_ids=frozenset(row[0] for row in purchases),
            revenue=sum((row[1] for row in purchases), Decimal(0)),
            units=int(units),
            event_rows=len(events),
            event_ids=frozenset(row[0] for row in events),
        )


@dataclass(frozen=True)
class Check:
    """One thing that must hold, in words and in figures."""

    what: str
    left: object
    right: object
    holds: bool

    @classmethod
    def equal(cls, what: str, left: object, right: object) -> "Check":
        """Return the check that both are equal."""
        return cls(what, left, right, left == right)

    @classmethod
    def at_most(cls, what: str, value: float, limit: float) -> "Check":
        """Return the check that the value is not above the limit."""
        return cls(what, value, limit, value <= limit)


@dataclass(frozen=True)
class Discrepancies:
    """By how much books, lake and what the shoppers were told are apart; all 0 where they agree."""

    oversold_units: int
    events_lost: int
    """Events that were accepted and are not in the lake."""
    events_doubled: int
    """Rows of events beyond one for each that was accepted."""
    purchases_lost_or_doubled: int
    """Purchases that are not confirmed, booked and in the lake, each once."""

    @classmethod
    def between(
        cls, books: Books, lake: Lake, confirmed: frozenset[str], accepted: frozenset[str]
    ) -> "Discrepancies":
        """Count them; `confirmed` and `accepted` are what the shoppers were told."""
        sent = accepted | books.outbox_event_ids
        return cls(
            oversold_units=books.oversold,
            events_lost=len(sent - lake.event_ids),
            events_doubled=lake.event_rows - len(sent & lake.event_ids),
            purchases_lost_or_doubled=len(confirmed ^ books.purchase_ids)
            + len(books.purchase_ids ^ lake.purchase_ids)
            + lake.purchases
            - len(lake.purchase_ids),
        )


def reconcile(
    books: Books, lake: Lake, confirmed_purchases: frozenset[str], accepted: frozenset[str]
) -> list[Check]:
    """Return every check; `confirmed_purchases` and `accepted` are what the shoppers were told."""
    sent = accepted | books.outbox_event_ids
    return [
        Check.equal(
            "purchases the shoppers were told of = purchases in MySQL",
            len(confirmed_purchases),
            books.purchases,
        ),
        Check.equal(
            "... and they are the same ones", confirmed_purchases ^ books.purchase_ids, set()
        ),
        Check.equal("purchases in MySQL = purchases in the lake", books.purchases, lake.purchases),
        Check.equal(
            "... and they are the same ones, too", books.purchase_ids ^ lake.purchase_ids, set()
        ),
        *reconcile_sums(books, lake),
        Check.equal("events accepted = events in the lake", len(sent), lake.event_rows),
        Check.equal("... and they are the same ones, once each", sent ^ lake.event_ids, set()),
        Check.equal("units oversold", books.oversold, 0),
    ]


def reconcile_sums(books: Books, lake: Lake) -> list[Check]:
    """Return the checks of units and money."""
    return [
        Check.equal("units sold = units moved", books.units_sold, books.units_moved),
        Check.equal("units sold = units gone from stock", books.units_sold, books.units_gone),
        Check.equal("units sold = units in the lake", books.units_sold, lake.units),
        Check.equal("revenue = sum of its lines", books.revenue, books.revenue_of_lines),
        Check.equal("revenue in MySQL = revenue in the lake", books.revenue, lake.revenue),
    ]
