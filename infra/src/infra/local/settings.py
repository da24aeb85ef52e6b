"""What the one-machine cloud is told by the environment it is started in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings

# Nothing else of the caller's environment reaches the processes: no AWS credential, no proxy.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "NO_COLOR")


class LocalSettings(Settings):
    """The size of the shop on one machine, and the zone its days are counted in."""

    model_config = SettingsConfigDict(env_prefix="LOCAL_", frozen=True)

    products: int = Field(default=5_000, ge=1)
    """How many products are generated when no catalogue file is given."""
    seed: int = 20_260_101
    """From which every generated product, price, stock and shopper follows."""
    history_sessions: int = Field(default=4_000, ge=0)
    """How many past visits the first recommender model is built from."""
    history_days: int = Field(default=14, ge=1)
    """Over how many past days those visits are spread."""
    loaded_days: int = Field(default=7, ge=0)
    """How many of those days are loaded into the lake, so that today can be compared with them."""
    business_timezone: str = "Asia/Ho_Chi_Minh"
    """The zone in which the shop counts its days."""
    currency: str = "INR"
    """The currency of every price (ISO 4217)."""
    otlp_endpoint: str | None = None
    """Base URL of the collector to which every process sends its traces; none if not set."""
    recommender_experiment: str | None = None
    """The experiment on picks that runs, as the recommender's RECOMMENDER_EXPERIMENT."""


class DeploySettings(Settings):
    """What `python -m infra.local.deploy` is told: for a cloud whose processes others start."""

    model_config = SettingsConfigDict(env_prefix="DEPLOY_", frozen=True)

    endpoint_url: str
    """Where the AWS endpoint answers."""
    database_url: str
    """The URL by which the exporter's function reads the database."""
    keys_folder: Path
    """Where the keys lie, or are made."""
    business_timezone: str = "Asia/Ho_Chi_Minh"
    """The zone in which the shop counts its days."""


def inherited_environment() -> dict[str, str]:
    """Return the part of our environment that every process may see."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def whole_environment() -> dict[str, str]:
    """Return all of our environment: who fetches packages needs the caller's certificates."""
    return dict(os.environ)


@contextmanager
def adopted(environment: dict[str, str]) -> Iterator[None]:
    """Point this process's own AWS clients to where the environment says, for the block's time."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
