"""The catalogue."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.mysql import BIGINT, INTEGER
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.base import TABLE_OPTIONS, Base, CurrencyCode, Instant, Money


class Product(Base):
    """A product: the Kaggle columns, and what a shop needs to sell it. A null stays a null.

    `version` counts changes of what is told of it: description, price and picture. `updated_at`
    follows every change of the row: who keeps a copy of the catalogue reads on from there.
    """

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint("price > 0", name="price_positive"),
        Index(None, "updated_at"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(INTEGER(unsigned=True), primary_key=True, autoincrement=False)
    gender: Mapped[str | None] = mapped_column(String(20))
    master_category: Mapped[str | None] = mapped_column(String(40))
    sub_category: Mapped[str | None] = mapped_column(String(40))
    article_type: Mapped[str | None] = mapped_column(String(60))
    base_colour: Mapped[str | None] = mapped_column(String(40))
    season: Mapped[str | None] = mapped_column(String(20))
    year: Mapped[int | None] = mapped_column(SmallInteger)
    usage: Mapped[str | None] = mapped_column(String(40))
    product_display_name: Mapped[str | None] = mapped_column(String(255))
    image_url: Mapped[str | None] = mapped_column(String(512))
    price: Mapped[Money]
    currency: Mapped[CurrencyCode]
    stock: Mapped[int]
    units_sold: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    @property
    def in_stock(self) -> bool:
        """Say whether at least one is left."""
        return self.stock > 0


class ProductAction(StrEnum):
    """What somebody did to a product."""

    ADD = "add"
    CHANGE = "change"
    RESTOCK = "restock"
    RETIRE = "retire"
    REINSTATE = "reinstate"


class ProductChange(Base):
    """Who changed a product, when, and what: the audit of the catalogue. None is ever deleted."""

    __tablename__ = "product_changes"
    __table_args__ = (Index(None, "product_id", "id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(BIGINT(unsigned=True), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    actor_id: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    changes: Mapped[str] = mapped_column(Text)
    """A JSON object: each field that changed, with its value before and after."""
    changed_at: Mapped[Instant]
