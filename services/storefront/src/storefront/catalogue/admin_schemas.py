"""What the shop's people tell of a product, and what they are shown of it."""

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Json, StringConstraints

MAX_UNITS = 1_000_000


def _text(longest: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


def _in_cents(price: Decimal) -> Decimal:
    return price.quantize(Decimal("0.01"))


Name = Annotated[str, _text(255)]
Price = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2), AfterValidator(_in_cents)]
ImageUrl = Annotated[str, StringConstraints(max_length=512, pattern=r"^https?://[!-~]+$")]


class Description(BaseModel):
    """What is told of a product; a null says that it is not known."""

    model_config = ConfigDict(extra="forbid")

    gender: Annotated[str, _text(20)] | None = None
    master_category: Annotated[str, _text(40)] | None = None
    sub_category: Annotated[str, _text(40)] | None = None
    article_type: Annotated[str, _text(60)] | None = None
    base_colour: Annotated[str, _text(40)] | None = None
    season: Annotated[str, _text(20)] | None = None
    year: Annotated[int, Field(strict=True, ge=1900, le=2100)] | None = None
    usage: Annotated[str, _text(40)] | None = None
    image_url: ImageUrl | None = None
    """Where its photograph is. Without one the shop draws it."""


class NewProduct(Description):
    """A product that comes on sale, at a price in the shop's currency."""

    id: Annotated[int, Field(strict=True, ge=1, lt=2**32)] | None = None
    """Without one it gets the id after the highest."""
    product_display_name: Name
    price: Price
    stock: Annotated[int, Field(strict=True, ge=0, le=MAX_UNITS)] = 0


class ProductPatch(Description):
    """What is to be told otherwise; what is not named stays as it is."""

    # Only what was sent is read, so these two defaults never are. They keep both optional and a
    # null refused.
    product_display_name: Name = Field(default_factory=str)
    price: Price = Field(default_factory=Decimal)


class Restock(BaseModel):
    """Units that arrived."""

    model_config = ConfigDict(extra="forbid")

    quantity: Annotated[int, Field(strict=True, ge=1, le=MAX_UNITS)]
    note: Annotated[str, _text(255)] | None = None

    def digest(self, product_id: int) -> str:
        """Return a hash of what arrived, whatever the spelling of the JSON was."""
        canonical = json.dumps(["restock", product_id, self.model_dump()], sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()


class KeptProduct(BaseModel):
    """A product as the shop's people see it."""

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
    image_url: str | None
    price: Decimal
    currency: str
    stock: int
    units_sold: int
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime


class ProductChangeView(BaseModel):
    """One change of a product: who made it, when, and each field before and after."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    actor_id: str
    action: str
    version: int
    changes: Json[dict[str, list[Any]]]
    changed_at: datetime
