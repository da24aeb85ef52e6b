"""What the shop shows of a purchase's way, and what its staff see besides."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from storefront.models import PurchaseStatus
from storefront.purchases.schemas import PurchaseView


class TransitionView(BaseModel):
    """One step of a purchase; the first has no state before it."""

    model_config = ConfigDict(from_attributes=True)

    from_status: PurchaseStatus | None
    to_status: PurchaseStatus
    actor_id: str
    """Who took the step; `staff` where a buyer looks, whoever of the staff it was."""
    moved_at: datetime


class StaffPurchaseView(PurchaseView):
    """A purchase as the shop's staff see it."""

    user_id: str
    updated_at: datetime
