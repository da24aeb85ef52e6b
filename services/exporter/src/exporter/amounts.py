"""Money and instants as the lake keeps them."""

from datetime import UTC, datetime
from decimal import Decimal

CENT = Decimal("0.01")


def money(value: Decimal) -> Decimal:
    """Return the amount with exactly two decimals; an amount that has more is refused."""
    exact = value.quantize(CENT)
    if exact != value:
        raise ValueError(f"{value} has more than two decimals")
    return exact


def instant(value: datetime) -> datetime:
    """Return MySQL's naive UTC instant as an aware one."""
    return value.replace(tzinfo=UTC)
