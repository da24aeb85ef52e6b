"""Trends in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

GLOBAL: Final = "global"

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
    """Return the name of a segment's scope: whom a kind of things is for."""
    return f"segment#{gender}#{master_category}"
