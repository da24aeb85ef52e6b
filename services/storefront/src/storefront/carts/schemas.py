"""What a cart shows."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Quantity = Annotated[int, Field(ge=1, le=1000)]


class QuantityChange(BaseModel):
    """How many of a product the cart shall hold."""

    model_config = ConfigDict(extra="forbid")

    quantity: Quantity


class CartLineView(BaseModel):
    """One product in the cart. A purchase needs `unit_price` to still be `current_unit_price`."""

    product_id: int
    product_display_name: str | None
    quantity: int
    unit_price: Decimal
    current_unit_price: Decimal
    currency: str
    in_stock: bool


class CartView(BaseModel):
    """The user's cart; without an id if the user never had one."""

    id: str | None
    lines: list[CartLineView]
