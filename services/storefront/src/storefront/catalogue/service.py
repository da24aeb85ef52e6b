"""The catalogue's decisions."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from fashion_kit.errors import NotFoundError
from fashion_kit.paging import decode_cursor, encode_cursor
from storefront.catalogue.repository import ProductRepository
from storefront.catalogue.schemas import (
    CategoryTree,
    ProductPage,
    ProductQuery,
    ProductView,
    Suggestions,
    SuggestionView,
)
from storefront.catalogue.views import category_view, facets_view, view_of
from storefront.search.index import Index
from storefront.search.query import Key, Query, Sort
from storefront.search.records import FACETS
from storefront.search.suggestions import suggestions_for

_NUMBER: Final = r"(0|[1-9][0-9]{0,17})"


class ProductNotFoundError(NotFoundError):
    """Raised when there is no such product on sale."""

    def __init__(self, product_id: int) -> None:
        super().__init__(f"There is no product {product_id}.", product_id=product_id)


class CatalogueService:
    """Answers what one product is now, from the database."""

    def __init__(self, products: ProductRepository) -> None:
        self._products = products

    def get(self, product_id: int) -> ProductView:
        """Return the product; raise ProductNotFoundError if it is not on sale."""
        product = self._products.get_one_or_none(product_id)
        if product is None:
            raise ProductNotFoundError(product_id)
        return view_of(product)


class ListService:
    """Answers lists and searches from the index, which may lie a little behind the database."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def page(self, query: ProductQuery) -> ProductPage:
        """Return a page of what the query asks for; raise InvalidCursorError for a strange one."""
        if query.ids is not None:
            # From the index too: it is a list like the others, most often one of picks to show,
            # and the price that counts is read again when something is put into the cart.
            listings = self._index.get([int(product_id) for product_id in query.ids.split(",")])
            items = [view_of(listing) for listing in listings]
            return ProductPage(items=items, next_cursor=None, total=len(items))
        search = search_of(query)
        found = self._index.search(search)
        return ProductPage(
            items=[view_of(listing) for listing in found.items],
            next_cursor=_cursor(search.sort, found.next_key),
            total=found.total,
            facets=None if found.facets is None else facets_view(found.facets),
        )

    def categories(self, genders: list[str]) -> CategoryTree:
        """Return the tree of categories of all products, or of those for these genders."""
        return CategoryTree(
            categories=[category_view(category) for category in self._index.categories(genders)]
        )

    def suggest(self, text: str) -> Suggestions:
        """Return what somebody who has typed this may be looking for."""
        found = suggestions_for(text, self._index)
        return Suggestions(items=[SuggestionView(**asdict(one)) for one in found])


def search_of(query: ProductQuery) -> Query:
    """Return the search that the query stands for."""
    text = query.q or ""
    sort = query.sort or (Sort.RELEVANCE if text.strip() else Sort.ID)
    only: Mapping[str, list[str | int]] = {name: getattr(query, name) for name in FACETS}
    return Query(
        text=text,
        only=only,
        price_min=query.price_min,
        price_max=query.price_max,
        in_stock=query.in_stock,
        sort=sort,
        after=None if query.cursor is None else _key(sort, query.cursor),
        limit=query.limit,
        with_facets=query.facets,
    )


def _cursor(sort: Sort, key: Key | None) -> str | None:
    return None if key is None else encode_cursor(f"{sort}:{key.value}:{key.id}")


def _key(sort: Sort, cursor: str) -> Key:
    # A place in one order is none in another.
    text = decode_cursor(cursor, pattern=f"{re.escape(sort)}:{_NUMBER}:{_NUMBER}")
    _, value, product_id = text.split(":")
    return Key(int(value), int(product_id))
