"""Purchases: the books of the shop. Rows are added and change state; none is ever deleted."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.models.base import TABLE_OPTIONS, Base, CurrencyCode, Instant, Money, Ulid


class PurchaseStatus(StrEnum):
    """Where a purchase stands."""

    PLACED = "placed"


class Purchase(Base):
    """One committed purchase: its total is what its lines add up to."""

    __tablename__ = "purchases"
    __table_args__ = (
        Index(None, "user_id", "id"),
        Index(None, "purchased_at"),
        CheckConstraint("total > 0", name="total_positive"),
        TABLE_OPTIONS,
    )

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    user_id: Mapped[Ulid] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(String(20), default=PurchaseStatus.PLACED)
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
