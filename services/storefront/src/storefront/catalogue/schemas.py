"""What the catalogue tells, and what it can be asked for."""

from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fashion_kit.paging import Cursor, Page, PageSize
from storefront.search.query import Sort
from storefront.search.suggestions import SuggestionKind

Value = TypeVar("Value", str, int, bool)

_MOST_VALUES = 50
_Text = Annotated[str, StringConstraints(min_length=1, max_length=60)]
FilterValues = Annotated[list[_Text], Field(max_length=_MOST_VALUES)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


class ProductQuery(BaseModel):
    """Which products, in which order, and which page of them.

    A filter may be given several times: one of its values must match, exactly. Different filters
    must all match.
    """

    q: Annotated[
        str | None,
        Field(
            max_length=200,
            description="Words that must all be found. The last one may be unfinished; a word that "
            "nothing holds stands for those most like it.",
        ),
    ] = None
    gender: FilterValues = []
    master_category: FilterValues = []
    sub_category: FilterValues = []
    article_type: FilterValues = []
    base_colour: FilterValues = []
    season: FilterValues = []
    usage: FilterValues = []
    year: Annotated[list[Annotated[int, Field(ge=0, le=9999)]], Field(max_length=_MOST_VALUES)] = []
    price_min: Amount | None = None
    price_max: Amount | None = None
    in_stock: bool | None = None
    sort: Annotated[
        Sort | None, Field(description="`relevance` if not given with `q`, else `id`.")
    ] = None
    limit: PageSize = 24
    cursor: Cursor = None
    facets: Annotated[
        bool, Field(description="Count what each value of each filter would leave.")
    ] = False
    ids: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9]{1,10}(,[0-9]{1,10}){0,99}$",
            description="Just these products, in this order: up to 100 ids with commas between. "
            "Those not on sale are left out; no other parameter counts.",
        ),
    ] = None


class ProductView(BaseModel):
    """A product as the shop shows it."""

    model_config = ConfigDict(from_attributes=True)

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
    image_url: str
    price: Decimal
    currency: str
    in_stock: bool


class ValueCount(BaseModel, Generic[Value]):
    """A value, and how many products choosing it would leave."""

    value: Value
    count: int


class PriceRange(BaseModel):
    """The lowest and the highest price; null where there is no product."""

    min: Decimal | None
    max: Decimal | None


class FacetsView(BaseModel):
    """The values of each filter, the most frequent first.

    A filter that is set narrows the counts of all others, but not its own.
    """

    gender: list[ValueCount[str]]
    master_category: list[ValueCount[str]]
    sub_category: list[ValueCount[str]]
    article_type: list[ValueCount[str]]
    base_colour: list[ValueCount[str]]
    season: list[ValueCount[str]]
    usage: list[ValueCount[str]]
    year: list[ValueCount[int]]
    in_stock: list[ValueCount[bool]]
    price: PriceRange


class ProductPage(Page[ProductView]):
    """One page of products, and how many there are on all pages."""

    total: int
    facets: FacetsView | None = None


class CategoryView(BaseModel):
    """A category, how many products it holds, and what it consists of."""

    value: str
    count: int
    children: list["CategoryView"]


class CategoryTree(BaseModel):
    """Master categories; below each its sub categories, below each of those its article types."""

    categories: list[CategoryView]


class SuggestionView(BaseModel):
    """Something that may be meant: a query, an article type with its count, or a product."""

    kind: SuggestionKind
    text: str
    count: int | None
    product_id: int | None


class Suggestions(BaseModel):
    """What a search box may offer."""

    items: list[SuggestionView]
