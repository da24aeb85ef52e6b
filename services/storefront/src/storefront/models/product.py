"""The catalogue."""

from sqlalchemy import CheckConstraint, Index, SmallInteger, String
from sqlalchemy.dialects.mysql import INTEGER
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.base import TABLE_OPTIONS, Base, CurrencyCode, Instant, Money


class Product(Base):
    """A product: the Kaggle columns, and what a shop needs to sell it. A null stays a null."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint("price > 0", name="price_positive"),
        Index(None, "is_active", "id"),
        Index(None, "sub_category", "id"),
        Index(None, "article_type", "id"),
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
    price: Mapped[Money]
    currency: Mapped[CurrencyCode]
    stock: Mapped[int]
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    @property
    def in_stock(self) -> bool:
        """Say whether at least one is left."""
        return self.stock > 0

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling
