"""What the board and the scrape endpoint are told by their environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings
from infra.local.environments import METRICS
from infra.local.paths import SHOP


class ObserveSettings(Settings):
    """How the shop is watched."""

    model_config = SettingsConfigDict(env_prefix="OBSERVE_", frozen=True)

    interval_seconds: float = Field(default=1, gt=0)
    """How often the board is drawn anew."""
    window_seconds: float = Field(default=60, gt=0)
    """Over how many of the last seconds the board's rates and percentiles are taken."""
    host: str = "127.0.0.1"
    """The address at which the scrape endpoint listens."""
    port: int = Field(default=9108, ge=0, le=65535)
    """Its port; 0 for any."""
    otlp_port: int = Field(default=4318, ge=0, le=65535)
    """The port at which `python -m infra.observe traces` takes spans; 0 for any."""
    settle_seconds: float = Field(default=6, gt=0)
    """After how long without another span a trace is shown; processes send every 5 seconds."""
    state_folder: Path = SHOP
    """Where the workers' status files lie, each in the folder of its process."""
    textfile_folder: Path = SHOP / METRICS
    """Where relay and exporter leave their Prometheus text files."""
