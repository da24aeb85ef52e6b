"""Reservations: units kept for somebody who is at the checkout."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.models.base import TABLE_OPTIONS, Base, Instant, Money, Ulid


class ReservationStatus(StrEnum):
    """Where a reservation stands."""

    HELD = "held"
    USED = "used"
    RELEASED = "released"


class Reservation(Base):
    """Units taken out of stock until they are bought, given back, or the time is over."""

    __tablename__ = "reservations"
    __table_args__ = (
        Index(None, "status", "expires_at"),
        Index(None, "user_id", "id"),
        TABLE_OPTIONS,
    )

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    user_id: Mapped[Ulid] = mapped_column(ForeignKey("users.id"))
    cart_id: Mapped[Ulid | None]
    status: Mapped[str] = mapped_column(String(20), default=ReservationStatus.HELD)
    expires_at: Mapped[Instant]
    created_at: Mapped[Instant]

    lines: Mapped[list["ReservationLine"]] = relationship(
        order_by="ReservationLine.product_id", lazy="selectin"
    )


class ReservationLine(Base):
    """One product of a reservation, at the price that holds while the reservation does."""

    __tablename__ = "reservation_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        TABLE_OPTIONS,
    )

    reservation_id: Mapped[Ulid] = mapped_column(ForeignKey("reservations.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    quantity: Mapped[int]
    unit_price: Mapped[Money]
