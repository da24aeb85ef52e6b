"""What a payment asks for, what it shows, and what the provider tells."""

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from storefront.models import PaymentStatus
from storefront.payments.provider import Outcome

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]


class PaymentRequest(BaseModel):
    """How to pay: the provider's token of a card or an account, never a card's number."""

    model_config = ConfigDict(extra="forbid")

    method: Name

    def digest(self, purchase_id: str) -> str:
        """Return a hash of what is asked for, whatever the spelling of the JSON was."""
        asked = {"pay": purchase_id, **self.model_dump(mode="json")}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


class PaymentView(BaseModel):
    """One attempt to pay.

    `pending`: the outcome is not known yet. `refund_due` and `refunded`: the money was taken and
    goes back, or went back, for the `reason` given.
    """

    model_config = ConfigDict(from_attributes=True)

    id: str
    purchase_id: str
    status: PaymentStatus
    amount: Decimal
    currency: str
    method: str
    reason: str | None
    created_at: datetime
    updated_at: datetime


class Notification(BaseModel):
    """What the provider tells of a payment by itself. Other fields are passed over."""

    payment_id: Name
    outcome: Literal["approved", "declined"]
    reason: Name | None = None
    reference: Name | None = None

    def to_outcome(self) -> Outcome:
        """Return the outcome it tells of."""
        return Outcome(self.outcome == "approved", self.reason, self.reference)
