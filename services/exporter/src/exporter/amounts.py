"""Money as the lake keeps it, and instants as MySQL does."""

from datetime import UTC, datetime
from decimal import Decimal

CENT = Decimal("0.01")


def money(value: Decimal) -> Decimal:
    """Return the amount with exactly two decimals; an amount that has more is refused."""
    exact = value.quantize(CENT)
    if exact != value:
        raise ValueError(f"{value} has more than two decimals")
    return exact


def naive(instant: datetime) -> datetime:
    """Return an aware instant as MySQL keeps it: UTC, without a zone."""
    return instant.astimezone(UTC).replace(tzinfo=None)
