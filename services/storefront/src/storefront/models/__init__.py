"""Every table of the shop. They refer to one another, so they live together."""

from storefront.models.base import Base
from storefront.models.cart import Cart, CartLine
from storefront.models.idempotency_key import IdempotencyKey
from storefront.models.outbox import OutboxEvent
from storefront.models.product import Product
from storefront.models.purchase import Purchase, PurchaseLine, PurchaseStatus
from storefront.models.stock_movement import MovementReason, StockMovement
from storefront.models.user import User

__all__ = [
    "Base",
    "Cart",
    "CartLine",
    "IdempotencyKey",
    "MovementReason",
    "OutboxEvent",
    "Product",
    "Purchase",
    "PurchaseLine",
    "PurchaseStatus",
    "StockMovement",
    "User",
]
