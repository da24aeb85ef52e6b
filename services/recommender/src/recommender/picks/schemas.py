"""What GET /recommendations answers, and what it must know of the catalogue."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from fashion_contracts.picks import Source


@dataclass(frozen=True)
class Availability:
    """Which products cannot be bought now, and which that can are the newest."""

    unavailable: frozenset[int] = frozenset()
    newest: tuple[int, ...] = ()


class RecommendedProduct(BaseModel):
    """One pick."""

    model_config = ConfigDict(frozen=True)

    product_id: int
    score: float = Field(description="From 0 to 1; compares within one source only.")
    reason: str = Field(examples=["because_you_viewed", "trending", "new"])
    source: Source = Field(description="The step of the ladder it comes from.")
    because_of: int | None = Field(None, description="The product that the reason speaks of.")


class Recommendations(BaseModel):
    """A shopper's picks, best first; never empty."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    recommendation_id: str = Field(description="Send it with the events that follow from it.")
    model_version: str | None = Field(description="The model that ranked; null before the first.")
    generated_at: datetime | None = Field(
        description="The last act that the picks take into account; null if there is none."
    )
    items: list[RecommendedProduct]
