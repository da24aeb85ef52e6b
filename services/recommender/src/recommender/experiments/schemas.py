"""What an experiment has done, as it is measured and told."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from recommender.experiments.assignment import Variant
from recommender.settings import ExperimentMode


class Outcome(StrEnum):
    """What may follow from picks being shown."""

    CLICK = "click"
    CART = "cart"
    PURCHASE = "purchase"


@dataclass(frozen=True, slots=True)
class Impression:
    """One answer that a shopper saw, and what followed from it."""

    shopper_id: str
    recommendation_id: str
    places: tuple[int, ...] = ()
    """The positions that were clicked, each once."""
    outcomes: frozenset[Outcome] = frozenset()


class Estimate(BaseModel):
    """A value with its 95 % interval."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Say whether the value lies within the interval."""
        return self.low <= value <= self.high


class OutcomeEffect(BaseModel):
    """How often one outcome followed; None where there is too little to judge by."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    control: float | None
    treatment: float | None
    difference: Estimate | None
    relative: Estimate | None


class AbEffects(BaseModel):
    """What treatment changed, where each shopper sees one of the two."""

    model_config = ConfigDict(frozen=True)

    name: str
    mode: ExperimentMode = ExperimentMode.AB
    shoppers: dict[Variant, int]
    impressions: dict[Variant, int]
    strays: int
    """Impressions of a variant that is not the shopper's: counted nowhere else."""
    share_p_value: float | None
    """How likely a share of shoppers so far from what was asked for is by chance."""
    effects: list[OutcomeEffect]


class InterleavedEffects(BaseModel):
    """Whose products were clicked, where every answer has some of both."""

    model_config = ConfigDict(frozen=True)

    name: str
    mode: ExperimentMode = ExperimentMode.INTERLEAVE
    shoppers: int
    impressions: int
    strays: int
    clicks: dict[Variant, int]
    treatment_share: Estimate | None
    """Of all clicks, treatment's: half where neither is better."""
    preferring: dict[Variant, int]
    """Shoppers who clicked more of one than of the other."""
    undecided: int
    treatment_preferred: Estimate | None
    """Of the shoppers who prefer one, those who prefer treatment."""


Effects = AbEffects | InterleavedEffects
