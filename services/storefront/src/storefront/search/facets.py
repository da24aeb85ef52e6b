"""Counts: what choosing each value of each field would leave."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from storefront.search.columns import CodedColumn, Columns, Mask, Rows, money
from storefront.search.query import Category, Count, Facets
from storefront.search.records import FACETS

PRICE: Final = "price"
IN_STOCK: Final = "in_stock"
CATEGORY_LEVELS: Final = ("master_category", "sub_category", "article_type")


def facets_of(columns: Columns, filters: Mapping[str, Mask], matches: Rows) -> Facets:
    """Return the counts among the matches of all filters; a field's own does not narrow it."""

    def rows_for(name: str) -> Rows:
        if name not in filters:
            return matches
        others = [mask for field, mask in filters.items() if field != name]
        return rows_of(others, len(columns))

    prices = columns.price[rows_for(PRICE)]
    in_stock = columns.in_stock[rows_for(IN_STOCK)]
    available = int(np.count_nonzero(in_stock))
    return Facets(
        fields={name: counts_of(columns.coded[name], rows_for(name)) for name in FACETS},
        in_stock=_frequent_first({True: available, False: len(in_stock) - available}),
        price_min=money(prices.min()) if len(prices) else None,
        price_max=money(prices.max()) if len(prices) else None,
    )


def rows_of(masks: Iterable[Mask], length: int) -> Rows:
    """Return the rows that all masks let through."""
    return np.flatnonzero(all_of(masks, length))


def all_of(masks: Iterable[Mask], length: int) -> Mask:
    """Return a mask that lets through what all of them do."""
    both = np.ones(length, np.bool_)
    for mask in masks:
        both &= mask
    return both


def counts_of(column: CodedColumn, rows: Rows) -> list[Count]:
    """Return how many of the rows have each value."""
    is_whole = len(rows) == len(column.codes)
    codes = column.codes if is_whole else column.codes[rows]
    counts = np.bincount(codes, minlength=len(column.values)).tolist()
    return _frequent_first(dict(zip(column.values[1:], counts[1:], strict=True)))


def tree_of(columns: Columns, rows: Rows) -> list[Category]:
    """Return the categories of the rows: master categories, their sub categories, their types.

    A product that lacks a level counts for those above it.
    """
    return _branches(columns, rows, CATEGORY_LEVELS)


def _branches(columns: Columns, rows: Rows, levels: tuple[str, ...]) -> list[Category]:
    if not levels:
        return []
    column = columns.coded[levels[0]]
    codes = column.codes[rows]
    return [
        Category(
            value=column.values[code],
            count=int(count),
            children=_branches(columns, rows[codes == code], levels[1:]),
        )
        for code, count in enumerate(np.bincount(codes))
        if code and count
    ]


def _frequent_first(counts: Mapping[Any, int]) -> list[Count]:
    # The values come in their own order, and the sort is stable.
    found = [Count(value, count) for value, count in counts.items() if count]
    return sorted(found, key=lambda count: -count.count)
