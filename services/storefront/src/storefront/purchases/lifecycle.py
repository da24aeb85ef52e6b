"""The states of a purchase, and the moves from one to another that the shop knows."""

from collections.abc import Mapping
from typing import Final

from storefront.models import MovementReason, PurchaseStatus

MOVES: Final[Mapping[PurchaseStatus, frozenset[PurchaseStatus]]] = {
    PurchaseStatus.PLACED: frozenset({PurchaseStatus.PAID, PurchaseStatus.CANCELLED}),
    PurchaseStatus.PAID: frozenset(
        {PurchaseStatus.SHIPPED, PurchaseStatus.CANCELLED, PurchaseStatus.REFUNDED}
    ),
    PurchaseStatus.SHIPPED: frozenset({PurchaseStatus.DELIVERED, PurchaseStatus.REFUNDED}),
    PurchaseStatus.DELIVERED: frozenset({PurchaseStatus.REFUNDED}),
    PurchaseStatus.CANCELLED: frozenset(),
    PurchaseStatus.REFUNDED: frozenset(),
}

UNDONE: Final[Mapping[PurchaseStatus, MovementReason]] = {
    PurchaseStatus.CANCELLED: MovementReason.CANCELLATION,
    PurchaseStatus.REFUNDED: MovementReason.REFUND,
}
"""The states in which units and money went back, and what the books call it."""


def can_move(present: str, target: PurchaseStatus) -> bool:
    """Say whether a purchase may go from its present state to the target."""
    return target in MOVES[PurchaseStatus(present)]
