"""What a cart shows."""

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_LINES: Final = 100
MAX_QUANTITY: Final = 1000

Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]


class QuantityChange(BaseModel):
    """How many of a product the cart shall hold."""

    model_config = ConfigDict(extra="forbid")

    quantity: Quantity


class CartLineView(BaseModel):
    """One product in the cart. A purchase needs `unit_price` to still be `current_unit_price`.

    `line_total` is at the price of now. `available` is told only where it is less than wanted.
    """

    product_id: int
    product_display_name: str | None
    image_url: str
    quantity: int
    unit_price: Decimal
    current_unit_price: Decimal
    line_total: Decimal
    currency: str
    in_stock: bool
    available: int | None


class PriceChanged(BaseModel):
    """The price is no longer the one shown when the line was put; putting it again accepts it."""

    kind: Literal["price_changed"] = "price_changed"
    product_id: int
    detail: str
    unit_price: Decimal
    current_unit_price: Decimal


class OutOfStock(BaseModel):
    """Nothing is left."""

    kind: Literal["out_of_stock"] = "out_of_stock"
    product_id: int
    detail: str


class FewerLeft(BaseModel):
    """Something is left, but not as much as the line wants."""

    kind: Literal["fewer_left"] = "fewer_left"
    product_id: int
    detail: str
    available: int


class NoLongerSold(BaseModel):
    """The shop does not sell the product any more."""

    kind: Literal["no_longer_sold"] = "no_longer_sold"
    product_id: int
    detail: str


Notice = Annotated[
    PriceChanged | OutOfStock | FewerLeft | NoLongerSold, Field(discriminator="kind")
]


class CartView(BaseModel):
    """The shopper's cart; without an id if nothing was ever put into it.

    `subtotal` is what the lines that can be bought cost now. It and `currency` are null where these
    lines are priced in several currencies: such lines cannot be bought together.
    """

    id: str | None
    lines: list[CartLineView]
    notices: list[Notice]
    subtotal: Decimal | None
    currency: str | None
