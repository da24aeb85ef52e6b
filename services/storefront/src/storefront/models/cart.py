"""Carts."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.models.base import TABLE_OPTIONS, Base, Instant, Money, Ulid


class Cart(Base):
    """What one user is about to buy. A user has at most one."""

    __tablename__ = "carts"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    user_id: Mapped[Ulid] = mapped_column(ForeignKey("users.id"), unique=True)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    lines: Mapped[list["CartLine"]] = relationship(
        order_by="CartLine.product_id", cascade="all, delete-orphan", lazy="selectin"
    )


class CartLine(Base):
    """One product in a cart, with the price that was shown when it was put there."""

    __tablename__ = "cart_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        TABLE_OPTIONS,
    )

    cart_id: Mapped[Ulid] = mapped_column(ForeignKey("carts.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    quantity: Mapped[int]
    unit_price: Mapped[Money]
