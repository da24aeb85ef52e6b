"""Stock movements: every change of a product's stock, and why."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.mysql import BIGINT
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.base import TABLE_OPTIONS, Base, Instant, Ulid


class MovementReason(StrEnum):
    """Why stock moved."""

    INITIAL = "initial"
    RESTOCK = "restock"
    PURCHASE = "purchase"
    CANCELLATION = "cancellation"
    REFUND = "refund"
    RESERVATION = "reservation"
    RELEASE = "release"
    """A reservation ended: its units came back, or went on into a purchase."""


class StockMovement(Base):
    """One change of a product's stock; a product's movements add up to its stock."""

    __tablename__ = "stock_movements"
    __table_args__ = (Index(None, "product_id", "id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BIGINT(unsigned=True), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    reason: Mapped[str] = mapped_column(String(20))
    purchase_id: Mapped[Ulid | None] = mapped_column(ForeignKey("purchases.id"))
    moved_at: Mapped[Instant]
