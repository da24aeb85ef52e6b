"""The base of every service's settings: read once from the environment, checked, immutable."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field
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


class TracingSettings(BaseSettings):
    """Where traces go, in OpenTelemetry's own words: the same for every process."""

    model_config = SettingsConfigDict(env_prefix="OTEL_", frozen=True, extra="ignore")

    exporter_otlp_endpoint: str | None = None
    """Base URL of an OTLP collector, e.g. http://localhost:4318; nothing is traced if not set."""
    exporter_otlp_timeout: float = Field(default=1.0, gt=0)
    """How many seconds the collector may take to answer; then what was sent is dropped."""
    exporter_otlp_rest: float = Field(default=30.0, ge=0)
    """How many seconds a collector that did not answer is left alone; spans are dropped."""
    traces_sampler_arg: float = Field(default=1.0, ge=0, le=1)
    """Share of the traces begun here that are kept; whoever calls with a trace has decided."""
