"""What a purchase, a quote or a checkout asks for, and what each shows."""

import hashlib
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from fashion_kit.problems import Problem
from storefront.purchases.pricing import in_cents

MAX_QUANTITY: Final = 1_000
"""Units of one product in a purchase; what tells the stream of them takes no more."""

# One spelling of each price, so that 5 and 5.00 make the same request.
ShownPrice = Annotated[
    Decimal, Field(ge=0, max_digits=12, decimal_places=2), AfterValidator(in_cents)
]
Id = Annotated[str, Field(min_length=1, max_length=26)]


class PurchaseLineRequest(BaseModel):
    """One product to buy. `unit_price` is what the buyer was shown, if anything."""

    model_config = ConfigDict(extra="forbid")

    product_id: Annotated[int, Field(ge=1, lt=2**32)]
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
    unit_price: ShownPrice | None = None


class CheckoutRequest(BaseModel):
    """What to keep for the buyer: either these lines, or what is in the buyer's cart."""

    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[PurchaseLineRequest], Field(min_length=1, max_length=100)] | None = None
    cart_id: Id | None = None

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> Self:
        fields = type(self).model_fields
        if sum(getattr(self, name) is not None for name in fields) != 1:
            raise ValueError(f"give exactly one of {', '.join(fields)}")
        return self

    @field_validator("lines")
    @classmethod
    def _wants_not_too_much_of_one(
        cls, lines: list[PurchaseLineRequest] | None
    ) -> list[PurchaseLineRequest] | None:
        if lines is None or sum(line.quantity for line in lines) <= MAX_QUANTITY:
            return lines
        units: Counter[int] = Counter()
        for line in lines:
            units[line.product_id] += line.quantity
        if max(units.values()) > MAX_QUANTITY:
            raise ValueError(f"at most {MAX_QUANTITY} of one product")
        return lines


class PurchaseRequest(CheckoutRequest):
    """What to buy: these lines, what is in the buyer's cart, or what a checkout keeps for them."""

    reservation_id: Id | None = None

    def digest(self) -> str:
        """Return a hash of what is asked for, whatever the spelling of the JSON was.

        What is not asked for is left out, so that a new field changes no request of before.
        """
        return hashlib.sha256(self.model_dump_json(exclude_none=True).encode()).hexdigest()


class PurchaseLineView(BaseModel):
    """One product of a purchase."""

    model_config = ConfigDict(from_attributes=True)

    product_id: int
    quantity: int
    unit_price: Decimal
    line_total: Decimal


class Totals(BaseModel):
    """What is paid. `tax` is within the others where prices include it, else it comes on top."""

    subtotal: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal
    currency: str


class PurchaseView(Totals):
    """A purchase as its buyer sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    status: str
    purchased_at: datetime
    lines: list[PurchaseLineView]


class QuoteLineView(PurchaseLineView):
    """One product of a quote, and what would keep it from being bought now.

    Without a price, and not part of the totals, if it is not for sale.
    """

    unit_price: Decimal | None  # type: ignore[assignment]
    line_total: Decimal | None  # type: ignore[assignment]
    problems: list[Problem]


class QuoteView(Totals):
    """What a purchase would cost now. Nothing is kept for anybody."""

    lines: list[QuoteLineView]


class CheckoutView(Totals):
    """What is kept for the buyer at these prices, and until when."""

    id: str
    status: str
    expires_at: datetime
    lines: list[PurchaseLineView]
