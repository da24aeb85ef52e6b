"""How hard the load test is."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings
from infra.local.settings import LocalSettings
from loadtest.mischief import Mischief


class LoadSettings(Settings):
    """Who comes, how many of them, and what goes wrong on their side."""

    model_config = SettingsConfigDict(env_prefix="LOADTEST_", frozen=True)

    shoppers: int = Field(default=500, ge=1)
    """Out of how many people the visitors are drawn; most come more than once."""
    rate: float = Field(default=3, gt=0)
    """Visits that begin in a second, on average, whatever the shop does."""
    minutes: float = Field(default=1, gt=0)
    """For how long they begin."""
    most_visits: int = Field(default=20_000, ge=1)
    """A run that would come to more visits is refused."""
    seed: int | None = None
    """Who comes when, and what they do. None: LOCAL_SEED, so that a written past is theirs."""
    think_scale: float = Field(default=0.1, ge=0)
    """Factor on their pauses between clicks; 1 is as in life, half of them over 12 seconds."""
    eagerness: float = Field(default=3, gt=0)
    """How readily they put things into the cart; 1 is as in life, where few buy."""
    anonymous_share: float = Field(default=0.25, ge=0, le=1)
    """Visits without logging in."""
    control_share: float = Field(default=0.3, ge=0, le=1)
    """Visits that see nothing of the recommender, to compare the others with."""
    malformed_share: float = Field(default=0.02, ge=0, le=1)
    """Events that a broken script adds, as a share of the sound ones."""
    late_share: float = Field(default=0.02, ge=0, le=1)
    """Events that come long after they happened."""
    late_by: timedelta = timedelta(hours=4)
    """By how much they are late at most."""
    dropped_share: float = Field(default=0.01, ge=0, le=1)
    """Requests whose sender hangs up before the answer, and sends them again."""
    sale_products: int = Field(default=0, ge=0)
    """Of how many products everybody wants one; 0: it is no flash sale."""

    @property
    def people_seed(self) -> int:
        """Return the seed from which the people follow."""
        return LocalSettings().seed if self.seed is None else self.seed

    @property
    def mischief(self) -> Mischief:
        """Return what goes wrong on the shoppers' side."""
        return Mischief(self.malformed_share, self.late_share, self.late_by, self.dropped_share)
