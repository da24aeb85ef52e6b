"""What a purchase asks for, and what it shows."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _in_cents(price: Decimal) -> Decimal:
    return price.quantize(Decimal("0.01"))


# One spelling of each price, so that 5 and 5.00 make the same request.
ShownPrice = Annotated[
    Decimal, Field(ge=0, max_digits=12, decimal_places=2), AfterValidator(_in_cents)
]


class PurchaseLineRequest(BaseModel):
    """One product to buy. `unit_price` is what the buyer was shown, if anything."""

    model_config = ConfigDict(extra="forbid")

    product_id: Annotated[int, Field(ge=1, lt=2**32)]
    quantity: Annotated[int, Field(ge=1, le=1000)]
    unit_price: ShownPrice | None = None


class PurchaseRequest(BaseModel):
    """What to buy: either these lines, or what is in the buyer's cart."""

    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[PurchaseLineRequest], Field(min_length=1, max_length=100)] | None = None
    cart_id: Annotated[str, Field(min_length=1, max_length=26)] | None = None

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> Self:
        if (self.lines is None) == (self.cart_id is None):
            raise ValueError("give either lines or a cart_id")
        return self

    def digest(self) -> str:
        """Return a hash of what is asked for, whatever the spelling of the JSON was."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()


class Wanted(NamedTuple):
    """How many of a product somebody wants, and the prices they were shown."""

    product_id: int
    quantity: int
    shown_prices: frozenset[Decimal]

    @classmethod
    def merged(cls, lines: Sequence[tuple[int, int, Decimal | None]]) -> list["Wanted"]:
        """Return one Wanted for each product, in product order.

        The order is what keeps concurrent purchases from deadlocking on one another's stock.
        """
        wanted: dict[int, Wanted] = {}
        for product_id, quantity, shown in lines:
            before = wanted.get(product_id, cls(product_id, 0, frozenset()))
            prices = before.shown_prices if shown is None else before.shown_prices | {shown}
            wanted[product_id] = cls(product_id, before.quantity + quantity, prices)
        return [wanted[product_id] for product_id in sorted(wanted)]


class PurchaseLineView(BaseModel):
    """One product of a purchase."""

    model_config = ConfigDict(from_attributes=True)

    product_id: int
    quantity: int
    unit_price: Decimal
    line_total: Decimal


class PurchaseView(BaseModel):
    """A purchase as its buyer sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    status: str
    total: Decimal
    currency: str
    purchased_at: datetime
    lines: list[PurchaseLineView]
