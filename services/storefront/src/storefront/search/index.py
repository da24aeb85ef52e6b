"""The index: an immutable copy of the catalogue that answers in microseconds.

A change makes a new index that shares with the old one all that did not change. Who searches holds
one index from beginning to end, and never waits for one being made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from storefront.search.columns import Columns, Mask, Rows, cents
from storefront.search.facets import IN_STOCK, PRICE, all_of, facets_of, rows_of, tree_of
from storefront.search.orders import Order, values_of
from storefront.search.postings import Postings
from storefront.search.query import Category, Facets, Key, Listing, Query, Result, Sort
from storefront.search.records import CatalogueRecord
from storefront.search.relevance import TextMatch


@dataclass(frozen=True)
class Index:
    """All products on sale."""

    columns: Columns = field(default_factory=lambda: Columns.of([]))
    postings: Postings = field(default_factory=lambda: Postings.of([]))
    _orders: dict[Sort, Order] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many products there are."""
        return len(self.columns)

    def search(self, query: Query) -> Result:
        """Return the page that the query asks for, and how many products it finds in all."""
        text = TextMatch(query.text, self.postings, self.columns)
        filters = self._filters(query)
        filters["words"] = all_of(text.masks(), len(self))
        mask = all_of(filters.values(), len(self))
        matches = np.flatnonzero(mask)
        if query.sort is Sort.RELEVANCE:
            rows, values = text.page(matches, query.after, query.limit + 1)
        else:
            rows = self.order(query.sort).page(mask, query.after, query.limit + 1)
            values = values_of(query.sort, self.columns)[rows].tolist()
        shown = rows[: query.limit]
        return Result(
            items=self.columns.listings(shown),
            total=len(matches),
            next_key=(
                Key(values[len(shown) - 1], int(self.columns.ids[shown[-1]]))
                if len(rows) > len(shown)
                else None
            ),
            facets=self._facets(filters, matches) if query.with_facets else None,
        )

    def _facets(self, filters: Mapping[str, Mask], matches: Rows) -> Facets:
        return (
            self._facets_of_all
            if len(matches) == len(self)
            else facets_of(self.columns, filters, matches)
        )

    @cached_property
    def _facets_of_all(self) -> Facets:
        # The dearest of all counts, and what every visit begins with.
        return facets_of(self.columns, {}, np.arange(len(self)))

    def get(self, ids: Sequence[int]) -> list[Listing]:
        """Return the products with these ids, in this order, without those that are not there."""
        rows = (self.columns.row_of(product_id) for product_id in dict.fromkeys(ids))
        return self.columns.listings(np.array([row for row in rows if row is not None], np.int64))

    def categories(self, genders: Sequence[str] = ()) -> list[Category]:
        """Return the tree of categories, with how many products each holds."""
        masks = [self.columns.coded["gender"].mask(genders)] if genders else []
        return tree_of(self.columns, rows_of(masks, len(self)))

    def order(self, sort: Sort) -> Order:
        """Return the order of all products."""
        if sort not in self._orders:
            self._orders[sort] = Order.of(sort, self.columns)
        return self._orders[sort]

    def prepare(self) -> "Index":
        """Do now what the first search of its kind would have to wait for; return the index."""
        for sort in Sort:
            self.order(sort)
        return self

    def changed(self, records: Sequence[CatalogueRecord], gone: Sequence[int] = ()) -> "Index":
        """Return the index with these products as they are now, and without those gone."""
        sold: dict[int, CatalogueRecord] = {}
        rewritten: dict[int, CatalogueRecord] = {}
        for record in records:
            row = self.columns.row_of(record.id)
            if row is None and not record.is_active:
                continue
            if row is None or not record.is_active or not self.columns.is_described_as(row, record):
                rewritten[record.id] = record
            else:
                sold[row] = record
        index = self._sold(sold) if sold else self
        return index._rewritten(rewritten, gone) if rewritten or gone else index

    def _sold(self, changed: Mapping[int, CatalogueRecord]) -> "Index":
        columns = self.columns.sold_and_priced(changed)
        orders = {
            sort: order
            for sort, order in self._orders.items()
            if values_of(sort, columns) is values_of(sort, self.columns)
        }
        return Index(columns, self.postings, orders)

    def _rewritten(self, changed: Mapping[int, CatalogueRecord], gone: Sequence[int]) -> "Index":
        added = [record for record in changed.values() if record.is_active]
        leaving = np.array([*changed, *gone], np.int64)
        kept = np.flatnonzero(~np.isin(self.columns.ids, leaving))
        columns = self.columns.take(kept).joined(Columns.of(added))
        order = np.argsort(columns.ids)
        new_rows = np.empty(len(order), np.int64)
        new_rows[order] = np.arange(len(order))
        own_rows = np.full(len(self), -1, np.int64)
        own_rows[kept] = new_rows[: len(kept)]
        postings = self.postings.merged(own_rows, Postings.of(added), new_rows[len(kept) :])
        return Index(columns.take(order), postings)

    def _filters(self, query: Query) -> dict[str, Mask]:
        filters = {
            name: self.columns.coded[name].mask(values)
            for name, values in query.only.items()
            if values
        }
        price = self.columns.price
        bounds = []
        if query.price_min is not None:
            bounds.append(price >= cents(query.price_min))
        if query.price_max is not None:
            bounds.append(price <= cents(query.price_max))
        if bounds:
            filters[PRICE] = all_of(bounds, len(self))
        if query.in_stock is not None:
            filters[IN_STOCK] = self.columns.in_stock == query.in_stock
        return filters
