"""The catalogue as a model sees it."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from recommender.errors import StoreUnavailableError

_ACTIVE: Final = text(
    "SELECT id, gender, master_category, sub_category, article_type, base_colour, `usage`,"
    " season, product_display_name, price, created_at FROM products WHERE is_active"
    " ORDER BY created_at DESC, id DESC"
)


@dataclass(frozen=True)
class CatalogueProduct:
    """One product on sale."""

    id: int
    gender: str | None
    master_category: str | None
    sub_category: str | None
    article_type: str | None
    base_colour: str | None
    usage: str | None
    season: str | None
    product_display_name: str | None
    price: Decimal
    created_at: datetime

    @property
    def family(self) -> str:
        """Return what the product shares with itself in other colours.

        That is its display name without the colour, its gender and its article type. A product
        without a name is a family of its own.
        """
        if not self.product_display_name:
            return str(self.id)
        name = self.product_display_name.casefold()
        if self.base_colour:
            name = re.sub(rf"\b{re.escape(self.base_colour.casefold())}\b", " ", name)
        return "|".join([" ".join(name.split()), self.gender or "", self.article_type or ""])


class CatalogueRepository:
    """Reads the catalogue from MySQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def active_products(self) -> list[CatalogueProduct]:
        """Return every product on sale, the newest first."""
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(_ACTIVE).all()
        except SQLAlchemyError as error:
            raise StoreUnavailableError("read the catalogue", type(error).__name__) from error
        return [CatalogueProduct(*row) for row in rows]
