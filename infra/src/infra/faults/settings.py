"""How large the crowd is that shops during a fault, and how long things may take."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings


class FaultsSettings(Settings):
    """One scenario's crowd and patience."""

    model_config = SettingsConfigDict(env_prefix="FAULTS_", frozen=True)

    shoppers: int = Field(default=60, ge=1)
    """How many shoppers come in one scenario."""
    seconds: float = Field(default=25, gt=0)
    """Over how many seconds they come, unless the scenario says otherwise."""
    eagerness: float = Field(default=4, gt=0)
    """How readily they put things into the cart; 1 is as in life, where few buy."""
    lead_seconds: float = Field(default=4, ge=0)
    """How long they shop before the fault begins."""
    recovery_limit_seconds: float = Field(default=60, gt=0)
    """After this long without being well again a promise counts as broken."""
    lag_limit_seconds: float = Field(default=1, gt=0)
    """An outbox row or a stream record that waits no longer than this is no lag."""
    settle_seconds: float = Field(default=60, gt=0)
    """How long everything may take into the lake after the last shopper has left."""
