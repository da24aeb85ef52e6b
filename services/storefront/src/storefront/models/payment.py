"""Payments: every attempt to pay a purchase, and how it ended."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.base import TABLE_OPTIONS, Base, CurrencyCode, Instant, Money, Ulid


class PaymentStatus(StrEnum):
    """Where an attempt to pay stands."""

    PENDING = "pending"
    """The provider has not answered; what became of it is not known yet."""
    APPROVED = "approved"
    DECLINED = "declined"
    REFUND_DUE = "refund_due"
    """The provider has money that is not ours to keep, and has yet to give it back."""
    REFUNDED = "refunded"


class Payment(Base):
    """One attempt to pay a purchase. Its id is the key under which the provider knows it.

    `reason` says why it was declined or goes back, and of a pending one why nobody asks any more.
    """

    __tablename__ = "payments"
    __table_args__ = (
        Index(None, "purchase_id", "id"),
        Index(None, "status", "updated_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    purchase_id: Mapped[Ulid] = mapped_column(ForeignKey("purchases.id"))
    status: Mapped[str] = mapped_column(String(20), default=PaymentStatus.PENDING)
    amount: Mapped[Money]
    currency: Mapped[CurrencyCode]
    method: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(64))
    provider_reference: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
