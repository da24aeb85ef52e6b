"""What the recommendations' endpoints take and answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from fashion_contracts.events import Identifier, ProductId
from fashion_contracts.picks import PICKS_LENGTH, Pick, Source

DEFAULT_LIMIT: Final = 12
MAX_EXCLUDED: Final = 100
MAX_IN_CART: Final = 50
MAX_RERANKED: Final = 500

Limit = Annotated[int, Field(ge=1, le=PICKS_LENGTH, description="How many.")]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody who asks for picks wants of them."""

    limit: int = DEFAULT_LIMIT
    exclude: frozenset[int] = frozenset()
    context_product_id: int | None = None
    category: str | None = None
    max_price: Decimal | None = None

    @property
    def is_narrow(self) -> bool:
        """Say whether there may be nothing that fits."""
        return bool(self.exclude or self.category is not None or self.max_price is not None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A shopper's picks as they are to be told."""

    user_id: str
    recommendation_id: str
    model_version: str | None
    generated_at: datetime | None
    picks: Sequence[Pick]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class _RankedAnswer(_Answer):
    recommendation_id: str = Field(description="Send it with the events that follow from it.")
    model_version: str | None = Field(description="The model that ranked; null before the first.")


class RecommendedProduct(_Answer):
    """One pick."""

    product_id: int
    score: float = Field(description="From 0 to 1; compares within one source only.")
    reason: str = Field(examples=["because_you_viewed", "trending", "new"])
    source: Source = Field(description="The step of the ladder it comes from.")
    because_of: int | None = Field(None, description="The product that the reason speaks of.")


class Recommendations(_RankedAnswer):
    """A shopper's picks, best first; none only if what was asked for leaves none."""

    user_id: str
    generated_at: datetime | None = Field(
        description="The last act that the picks take into account; null if there is none."
    )
    items: list[RecommendedProduct]


class ViewedProduct(_Answer):
    """A product that the shopper looked at."""

    product_id: int
    viewed_at: datetime = Field(description="When last.")
    is_bought: bool = Field(description="Bought and not given back.")
    is_in_stock: bool


class RecentlyViewed(_Answer):
    """What the shopper looked at, the latest first; what the shop no longer shows is left out."""

    user_id: str
    items: list[ViewedProduct]


class ShelfSource(StrEnum):
    """What a product stands on a shelf for."""

    TOGETHER = "together"
    NEIGHBOURS = "neighbours"
    TRENDING = "trending"
    NEWEST = "newest"


class ShelfProduct(_Answer):
    """One product of a shelf."""

    product_id: int
    score: float = Field(description="From 0 to 1; compares within one source only.")
    reason: str = Field(examples=["similar_to", "goes_with", "trending", "new"])
    source: ShelfSource
    because_of: int | None = Field(None, description="The product that the reason speaks of.")


class Shelf(_RankedAnswer):
    """Products around others, best first; the same for everybody."""

    items: list[ShelfProduct]


class CartQuestion(BaseModel):
    """What goes with these?"""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product_ids: Annotated[list[ProductId], Field(min_length=1, max_length=MAX_IN_CART)]
    limit: Limit = DEFAULT_LIMIT


class RerankQuestion(BaseModel):
    """In which order would this shopper like these?"""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: Identifier
    product_ids: Annotated[list[ProductId], Field(min_length=1, max_length=MAX_RERANKED)]


class RerankedProduct(_Answer):
    """One of the given products."""

    product_id: int
    score: float = Field(description="From 0 to 1; 0 where nothing speaks for it.")


class Reranked(_RankedAnswer):
    """All of the given products, those that interest the shopper most first."""

    user_id: str
    items: list[RerankedProduct]
