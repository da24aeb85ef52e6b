"""Carts."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.base import TABLE_OPTIONS, Base, Instant, Money, Ulid


class Cart(Base):
    """What one shopper is about to buy: a user's or a guest's, at most one each."""

    __tablename__ = "carts"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (anonymous_id IS NULL)", name="has_one_owner"),
        Index(None, "user_id", "updated_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    user_id: Mapped[Ulid | None] = mapped_column(ForeignKey("users.id"), unique=True)
    anonymous_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


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
