"""Purchases: the books of the shop. Rows are added and change state; none is ever deleted."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.dialects.mysql import BIGINT
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.models.base import TABLE_OPTIONS, Base, CurrencyCode, Instant, Money, Ulid


class PurchaseStatus(StrEnum):
    """Where a purchase stands."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Purchase(Base):
    """One committed purchase: lines, shipping and tax add up to its total.

    `tax` is part of the prices where they include it, and comes on top where they do not.
    """

    __tablename__ = "purchases"
    __table_args__ = (
        Index(None, "user_id", "id"),
        Index(None, "status", "id"),
        Index(None, "purchased_at"),
        CheckConstraint("total > 0", name="total_positive"),
        TABLE_OPTIONS,
    )

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    user_id: Mapped[Ulid] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(String(20), default=PurchaseStatus.PLACED)
    subtotal: Mapped[Money]
    shipping: Mapped[Money]
    tax: Mapped[Money]
    total: Mapped[Money]
    currency: Mapped[CurrencyCode]
    purchased_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    lines: Mapped[list["PurchaseLine"]] = relationship(
        order_by="PurchaseLine.line_number", lazy="selectin"
    )


class PurchaseLine(Base):
    """One product of a purchase, at the price the server had when it was bought."""

    __tablename__ = "purchase_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        TABLE_OPTIONS,
    )

    purchase_id: Mapped[Ulid] = mapped_column(ForeignKey("purchases.id"), primary_key=True)
    line_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    unit_price: Mapped[Money]
    line_total: Mapped[Money]


class PurchaseTransition(Base):
    """One step of a purchase from state to state: who took it, and when."""

    __tablename__ = "purchase_transitions"
    __table_args__ = (Index(None, "purchase_id", "id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BIGINT(unsigned=True), primary_key=True)
    purchase_id: Mapped[Ulid] = mapped_column(ForeignKey("purchases.id"))
    from_status: Mapped[str] = mapped_column(String(20))
    to_status: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(64))
    moved_at: Mapped[Instant]
