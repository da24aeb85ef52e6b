"""Figures and dates in words."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo

CENT: Final = Decimal("0.01")
_MINUS: Final = "\N{MINUS SIGN}"
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
# A month's and a weekday's name must not turn on the machine's locale.
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)


def number(value: int) -> str:
    """Return a count as 12,345."""
    return f"{value:,}"


def money(value: Decimal, currency: str) -> str:
    """Return an amount as INR 405,728.00."""
    amount = f"{value.quantize(CENT, ROUND_HALF_UP):,}".replace("-", _MINUS)
    return f"{currency}{_NO_BREAK}{amount}" if currency else amount


def share(value: float | None) -> str:
    """Return a share as 12.3%, or a dash where there is none."""
    return "\N{EN DASH}" if value is None else f"{value:.1%}"


def times(value: float) -> str:
    """Return a lift as 1.8 times; what was never asked for before has none."""
    if not isfinite(value):
        return "new"
    return f"{value:.1f}\N{MULTIPLICATION SIGN}"


def signed_share(value: Decimal) -> str:
    """Return a change as +12.3% or with a minus sign."""
    rounded = (100 * value).quantize(Decimal("0.1"), ROUND_HALF_UP)
    sign = _MINUS if rounded < 0 else "+" if rounded > 0 else ""
    return f"{sign}{abs(rounded):,}%"


def day(value: date) -> str:
    """Return a date as 23 November 2026."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def short_day(value: date) -> str:
    """Return a date as 23 Nov."""
    return f"{value.day} {_MONTHS[value.month - 1][:3]}"


def weekday(value: date) -> str:
    """Return a date's day of the week."""
    return _WEEKDAYS[value.weekday()]


def month(value: date) -> str:
    """Return a month as Nov 2026."""
    return f"{_MONTHS[value.month - 1][:3]} {value.year}"


def moment(value: datetime, timezone: ZoneInfo) -> str:
    """Return an instant as 24 November 2026, 00:07, on the shop's clock."""
    local = value.astimezone(timezone)
    return f"{day(local.date())}, {local:%H:%M}"


def words(value: str) -> str:
    """Return a name in the data as words: at_risk is At risk."""
    text = value.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def counted(value: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: 1 purchase, 2 purchases."""
    return f"{number(value)} {one if value == 1 else many or f'{one}s'}"
