"""What the report tells of a day; the page is made from this and from nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Sales:
    """What a day sold, cancelled purchases left out."""

    day: date
    revenue: Decimal
    purchases: int
    units: int
    buyers: int
    new_buyers: int
    cancelled: int
    refunded: int
    refunds: Decimal

    @property
    def average_basket(self) -> Decimal | None:
        """Return what a purchase came to on average, or None if there was none."""
        return self.revenue / self.purchases if self.purchases else None


@dataclass(frozen=True)
class Seller:
    """A product or a category, and what it sold."""

    name: str
    units: int
    revenue: Decimal


@dataclass(frozen=True)
class Trend:
    """How much more a colour, article type or season was asked for than usual."""

    dimension: str
    value: str
    interest: int
    shoppers: int
    lift: float
    is_significant: bool


@dataclass(frozen=True)
class Step:
    """A step of the funnel."""

    name: str
    shoppers: int
    share_of_previous: float | None
    share_of_first: float | None


@dataclass(frozen=True)
class CohortMonth:
    """What a month's new buyers did some months later."""

    cohort: date
    size: int
    months_later: int
    buyers: int
    share: float


@dataclass(frozen=True)
class Segment:
    """Buyers who are alike in recency, frequency and money."""

    name: str
    buyers: int
    monetary: Decimal


@dataclass(frozen=True)
class Pair:
    """Two products bought together."""

    product: str
    with_product: str
    baskets: int
    lift: float


@dataclass(frozen=True)
class ListEffect:
    """What came of the recommendations shown in a list."""

    list_id: str
    impressions: int
    clicks: int
    carts: int
    purchases: int
    revenue: Decimal
    click_through: float | None


@dataclass(frozen=True)
class Load:
    """The run that brought the day into the lake."""

    run_id: str
    state: str
    finished_at: datetime
    rows: Mapping[str, int]
    events: Mapping[str, int]
    """What became of the landing zone's lines, and of how many."""


@dataclass(frozen=True)
class DayReport:
    """One business day as the manager reads it. What is unknown is empty."""

    day: date
    timezone: ZoneInfo
    currency: str
    sales: Mapping[date, Sales] = field(default_factory=dict)
    """The day, and those of the days before it that are known."""
    products: Sequence[Seller] = ()
    categories: Sequence[Seller] = ()
    trends: Sequence[Trend] = ()
    funnel: Sequence[Step] = ()
    cohorts: Sequence[CohortMonth] = ()
    segments: Sequence[Segment] = ()
    pairs: Sequence[Pair] = ()
    effects: Sequence[ListEffect] = ()
    as_of: Mapping[str, date] = field(default_factory=dict)
    """The last day that cohorts, segments and pairs look at, by their field's name."""
    load: Load | None = None
