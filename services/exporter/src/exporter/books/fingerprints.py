"""What a day's purchases look like in one short text: another text, other purchases."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from exporter.amounts import naive
from fashion_kit.clock import day_interval

# XOR, because it needs no order. Over SHA-2 and not over CRC-32: CRC-32 is linear, so two
# purchases of a day that change in the same way would cancel one another.
MIXED = (
    "BIT_XOR(CAST(CONV(LEFT(SHA2(CONCAT_WS('|', id, status, total, updated_at), 256), 16), 16, 10)"
    " AS UNSIGNED))"
)
FINGERPRINT = f"""
    SELECT COUNT(*), COALESCE(SUM(total), 0.00), {MIXED}
    FROM purchases
    WHERE purchased_at >= %(start)s AND purchased_at < %(end)s
"""  # noqa: S608

# Named `table.rows` and `table.column`, as the reconciliation names what was written.
TOTALS = (
    """
    SELECT COUNT(*) AS `purchases.rows`, SUM(subtotal) AS `purchases.subtotal`,
           SUM(shipping) AS `purchases.shipping`, SUM(tax) AS `purchases.tax`,
           SUM(total) AS `purchases.total`
    FROM purchases WHERE purchased_at >= %(start)s AND purchased_at < %(end)s
    """,
    """
    SELECT COUNT(*) AS `purchase_lines.rows`, SUM(l.quantity) AS `purchase_lines.quantity`,
           SUM(l.line_total) AS `purchase_lines.line_total`
    FROM purchases p JOIN purchase_lines l ON l.purchase_id = p.id
    WHERE p.purchased_at >= %(start)s AND p.purchased_at < %(end)s
    """,
)


def day_totals(connection: Connection, start: datetime, end: datetime) -> dict[str, str]:
    """Return counts, sums and fingerprint of what was bought in [start, end)."""
    interval = {"start": naive(start), "end": naive(end)}
    totals = {"purchases.fingerprint": fingerprint(connection, start, end)}
    for statement in TOTALS:
        row = connection.exec_driver_sql(statement, interval).mappings().one()
        totals |= {name: str(value or 0) for name, value in row.items()}
    return totals


def fingerprint(connection: Connection, start: datetime, end: datetime) -> str:
    """Return the fingerprint of the purchases of [start, end), as the connection sees them."""
    interval = {"start": naive(start), "end": naive(end)}
    count, total, mixed = connection.exec_driver_sql(FINGERPRINT, interval).one()
    return as_text(count, total, int(mixed))


class Fingerprints:
    """The fingerprints of business days as the database stands now; no lock is taken."""

    def __init__(self, engine: Engine, timezone: ZoneInfo) -> None:
        self._engine = engine
        self._timezone = timezone

    def of(self, days: Sequence[date]) -> dict[date, str]:
        """Return each day's fingerprint."""
        with self._engine.connect() as connection:
            return {
                day: fingerprint(connection, *day_interval(day, self._timezone)) for day in days
            }


class Marks:
    """The fingerprint of purchases read elsewhere: the one that the database would give them."""

    def __init__(self) -> None:
        self._count = 0
        self._total = Decimal("0.00")
        self._mixed = 0

    def add(self, purchases: Iterable[tuple[str, str, Decimal, datetime]]) -> None:
        """Take in id, status, total and time of the last change of some purchases."""
        for id_, status, total, updated_at in purchases:
            at = naive(updated_at).strftime("%Y-%m-%d %H:%M:%S.%f")
            digest = sha256(f"{id_}|{status}|{total}|{at}".encode()).digest()
            self._mixed ^= int.from_bytes(digest[:8])
            self._count += 1
            self._total += total

    def __str__(self) -> str:
        """Return the fingerprint."""
        return as_text(self._count, self._total, self._mixed)


def as_text(count: int, total: Decimal, mixed: int) -> str:
    """Return the fingerprint of so many purchases with this total and this mixture."""
    return f"{count}:{total:.2f}:{mixed:016x}"
