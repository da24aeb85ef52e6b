"""The base of every service's settings: read once from the environment, checked, immutable."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except ZoneInfoNotFoundError as error:
        raise ValueError(f"there is no timezone {value}") from error


Timezone = Annotated[ZoneInfo, BeforeValidator(_zone)]


class Settings(BaseSettings):
    """What every service is told by its environment.

    A service subclasses it with its own `env_prefix`. Region, endpoint and credentials of AWS are
    not here: boto3 reads them from the standard variables (`AWS_REGION`, `AWS_ENDPOINT_URL`, ...).
    """

    model_config = SettingsConfigDict(frozen=True, arbitrary_types_allowed=True, extra="ignore")

    log_level: str = "INFO"
    """The least important level that is logged."""
    log_format: str = "json"
    """`json` for machines, `console` for people."""
