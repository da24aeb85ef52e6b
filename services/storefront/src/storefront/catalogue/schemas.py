"""What the catalogue tells, and what it can be asked for."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

FilterValue = Annotated[str | None, Field(min_length=1, max_length=60)]


class ProductFilter(BaseModel):
    """The categories a list can be narrowed to; each must match exactly."""

    gender: FilterValue = None
    master_category: FilterValue = None
    sub_category: FilterValue = None
    article_type: FilterValue = None
    base_colour: FilterValue = None


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
    price: Decimal
    currency: str
    in_stock: bool
