"""What the index is told of one product."""

from typing import Final, NamedTuple


class CatalogueRecord(NamedTuple):
    """One row of the catalogue, in the units that the index counts in."""

    id: int
    gender: str | None
    master_category: str | None
    sub_category: str | None
    article_type: str | None
    base_colour: str | None
    season: str | None
    year: int | None
    usage: str | None
    currency: str
    product_display_name: str | None
    image_url: str | None
    price_cents: int
    in_stock: bool
    units_sold: int
    created_us: int
    """Microseconds since 1970."""
    is_active: bool
    updated_us: int


FACETS: Final = (
    "gender",
    "master_category",
    "sub_category",
    "article_type",
    "base_colour",
    "season",
    "year",
    "usage",
)
