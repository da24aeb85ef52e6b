"""Every table of the shop. They refer to one another, so they live together."""

from storefront.models.base import Base
from storefront.models.cart import Cart, CartLine
from storefront.models.idempotency_key import IdempotencyKey
from storefront.models.outbox import OutboxEvent, OutboxLane
from storefront.models.payment import Payment, PaymentStatus
from storefront.models.product import Product, ProductAction, ProductChange
from storefront.models.purchase import Purchase, PurchaseLine, PurchaseStatus, PurchaseTransition
from storefront.models.refresh_token import RefreshToken
from storefront.models.reservation import Reservation, ReservationLine, ReservationStatus
from storefront.models.stock_movement import MovementReason, StockMovement
from storefront.models.user import User

__all__ = [
    "Base",
    "Cart",
    "CartLine",
    "IdempotencyKey",
    "MovementReason",
    "OutboxEvent",
    "OutboxLane",
    "Payment",
    "PaymentStatus",
    "Product",
    "ProductAction",
    "ProductChange",
    "Purchase",
    "PurchaseLine",
    "PurchaseStatus",
    "PurchaseTransition",
    "RefreshToken",
    "Reservation",
    "ReservationLine",
    "ReservationStatus",
    "StockMovement",
    "User",
]
