"""Trends in memory, and what GET /trending answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

GLOBAL: Final = "global"
MAX_ITEMS: Final = 50

Trend = tuple[tuple[int, float], ...]
"""Trending products with their scores, best first; the best has 1."""


@dataclass(frozen=True)
class Trends:
    """The trending products of every scope."""

    by_scope: Mapping[str, Trend] = field(default_factory=dict)

    def best(self, *scopes: str) -> Trend:
        """Return the products of the first of these scopes that has any."""
        return next((self.by_scope[scope] for scope in scopes if self.by_scope.get(scope)), ())


def gender_scope(gender: str) -> str:
    """Return the name of a gender's scope."""
    return f"gender#{gender}"


def category_scope(master_category: str) -> str:
    """Return the name of a master category's scope."""
    return f"category#{master_category}"


def segment_scope(gender: str, master_category: str) -> str:
    """Return the name of the scope of a master category for a gender."""
    return f"segment#{gender}#{master_category}"


class Dimension(StrEnum):
    """What trends: products, or what products have in common."""

    PRODUCT = "product"
    ARTICLE_TYPE = "article_type"
    BASE_COLOUR = "base_colour"
    SEASON = "season"
    GENDER = "gender"
    CATEGORY = "category"


class Window(StrEnum):
    """How far back is counted."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"

    @property
    def length(self) -> timedelta:
        """Return how long the window is."""
        return _LENGTHS[self]


_LENGTHS: Final = {
    Window.HOUR: timedelta(hours=1),
    Window.DAY: timedelta(days=1),
    Window.WEEK: timedelta(days=7),
}


class TrendOrder(StrEnum):
    """By what trending values are ordered."""

    LIFT = "lift"
    COUNT = "count"


@dataclass(frozen=True)
class TrendingValue:
    """What was counted of one value in a window and in the one before."""

    value: int | str
    count: float
    previous_count: float
    shoppers: int
    lift: float


@dataclass(frozen=True)
class CountedWindow:
    """The trending values of one dimension in one window, best first by lift."""

    counted_at: datetime
    """Also the window's end."""
    values: Sequence[TrendingValue]


CountedWindows = Mapping[tuple[Dimension, Window], CountedWindow]


class WindowSpan(BaseModel):
    """From when to when is counted."""

    model_config = ConfigDict(frozen=True)

    length: Window
    begin: datetime | None
    end: datetime | None = Field(description="Exclusive. Null, as all instants, if uncounted.")


class TrendingItem(BaseModel):
    """One trending value."""

    model_config = ConfigDict(frozen=True)

    value: int | str = Field(description="A product's id, or the attribute's value.")
    count: float = Field(description="Views 1 each, carts and purchases more: interest.")
    previous_count: float = Field(description="The same in the window before.")
    shoppers: int = Field(description="How many different shoppers it comes from.")
    lift: float = Field(description="Above 1: a greater share of all interest than before.")
    is_new: bool = Field(description="Nobody cared in the window before.")


class Trending(BaseModel):
    """What is trending, best first; none before there is enough to count."""

    model_config = ConfigDict(frozen=True)

    dimension: Dimension
    window: WindowSpan
    counted_at: datetime | None
    items: list[TrendingItem]
