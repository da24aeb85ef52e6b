"""What the index can be asked, and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Sort(StrEnum):
    """The orders of a list; products that are equal in it follow by id."""

    ID = "id"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NEWEST = "newest"
    POPULARITY = "popularity"
    RELEVANCE = "relevance"


class Key(NamedTuple):
    """A place in an order: the value that is sorted by, and the id that breaks ties."""

    value: int
    id: int


@dataclass(frozen=True)
class Query:
    """A search: all of it must hold of a product; values of one field are alternatives."""

    text: str = ""
    only: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    in_stock: bool | None = None
    sort: Sort = Sort.ID
    after: Key | None = None
    limit: int = 24
    with_facets: bool = False


class Listing(NamedTuple):
    """A product as lists show it."""

    id: int
    gender: str | None
    master_category: str | None
    sub_category: str | None
    article_type: str | None
    base_colour: str | None
    season: str | None
    year: int | None
    usage: str | None
    product_display_name: str | None
    image_url: str | None
    price: Decimal
    currency: str
    in_stock: bool


@dataclass(frozen=True, slots=True)
class Count:
    """A value of a field, and how many products have it."""

    value: str | int
    count: int


@dataclass(frozen=True)
class Facets:
    """How many products each value of each field would leave; the most frequent come first.

    A field's own filter does not narrow its counts: they say what choosing otherwise would give.
    """

    fields: Mapping[str, Sequence[Count]]
    in_stock: Sequence[Count]
    price_min: Decimal | None
    price_max: Decimal | None


@dataclass(frozen=True)
class Result:
    """A page of what was found, and how much that is in all."""

    items: Sequence[Listing]
    total: int
    next_key: Key | None = None
    facets: Facets | None = None


@dataclass(frozen=True)
class Category:
    """A node of the tree of categories, and how many products hang below it."""

    value: str
    count: int
    children: Sequence["Category"] = ()
