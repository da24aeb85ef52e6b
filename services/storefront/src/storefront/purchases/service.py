"""The purchases as their buyer sees them."""

from storefront.purchases.errors import PurchaseNotFoundError
from storefront.purchases.repository import PurchaseRepository
from storefront.purchases.schemas import PurchaseView


class PurchaseService:
    """Shows one user what they bought."""

    def __init__(self, purchases: PurchaseRepository, user_id: str) -> None:
        self._purchases = purchases
        self._user_id = user_id

    def get(self, purchase_id: str) -> PurchaseView:
        """Return the purchase; raise PurchaseNotFoundError if it is not the user's."""
        purchase = self._purchases.get_one_or_none(self._user_id, purchase_id)
        if purchase is None:
            raise PurchaseNotFoundError(purchase_id)
        return PurchaseView.model_validate(purchase)
