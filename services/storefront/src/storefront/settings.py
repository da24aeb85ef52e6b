"""What the storefront is told by its environment (`STOREFRONT_...`)."""

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings


class DatabaseSettings(Settings):
    """What every command of the storefront needs: the way to MySQL."""

    model_config = SettingsConfigDict(env_prefix="STOREFRONT_")

    database_url: SecretStr
    """Where MySQL is and who we are there: `mysql+pymysql://user:password@host:port/database`."""
    database_pool_size: int = Field(16, ge=1)
    """How many connections one process keeps at most."""
    database_pool_timeout_seconds: float = Field(5, gt=0)
    """How long a request waits for a free connection before it is answered 503."""
    lock_wait_timeout_seconds: int = Field(3, ge=1)
    """How long a statement waits for a row's lock before its transaction begins anew."""
    transaction_attempts: int = Field(5, ge=1)
    """How often a transaction that met a deadlock is tried before it is answered 503."""
    currency: str = Field("INR", pattern=r"^[A-Z]{3}$")
    """ISO 4217 code of the catalogue's prices."""


class RelaySettings(DatabaseSettings):
    """What the outbox relay needs besides."""

    event_stream: str = Field(min_length=1)
    """Name of the Kinesis stream that interactions go to."""
    relay_poll: timedelta = timedelta(milliseconds=200)
    """How long the relay rests when the outbox is empty."""
    relay_batch_size: int = Field(500, ge=1, le=500)
    """How many outbox rows the relay sends at once; Kinesis takes 500."""


class StorefrontSettings(RelaySettings):
    """What the REST API needs."""

    landing_bucket: str = Field(min_length=1)
    """Name of the bucket in which rejected events are kept with their reasons."""
    token_private_key_file: Path
    """PEM file with the Ed25519 key that signs bearer tokens."""
    token_lifetime: timedelta = timedelta(hours=1)
    """How long a bearer token holds."""
    request_threads: int = Field(8, ge=1)
    """How many requests work with MySQL at once; more only pass the interpreter's lock around."""
    password_memory_kib: int = Field(19_456, ge=8)
    """Memory of one Argon2id password hash; OWASP's least, so that many logins fit in memory."""
    password_passes: int = Field(2, ge=1)
    """Passes of one Argon2id password hash."""
    event_body_limit_bytes: int = Field(1024 * 1024, ge=1, le=4 * 1024 * 1024)
    """Longest body that POST /events reads; a longer one is answered 413."""
    event_queue_limit: int = Field(20_000, ge=500)
    """How many accepted events may wait for Kinesis before POST /events answers 503."""
    event_batches_in_flight: int = Field(2, ge=1, le=64)
    """How many PutRecords calls run at once; while fewer do, an event waits for nobody."""
    event_attempts: int = Field(4, ge=1)
    """How often an event that Kinesis throttled is put before its request is answered 503."""

    @model_validator(mode="after")
    def _has_enough_connections(self) -> Self:
        # One for each request that has its turn, and one for each thread that is in a purchase.
        if self.database_pool_size < 2 * self.request_threads:
            raise ValueError("database_pool_size must be at least twice request_threads")
        return self
