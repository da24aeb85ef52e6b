"""What the exporter is told by its environment (`EXPORTER_...`)."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from fashion_kit.aws import client
from fashion_kit.settings import Settings, Timezone

SHORTEST_KEY = 32


class AwsSettings(Settings):
    """Where S3 is, if not at AWS: boto3 knows by itself, the Parquet writer must be told."""

    aws_endpoint_url: str | None = None
    """Address of every AWS service."""
    aws_endpoint_url_s3: str | None = None
    """Address of S3, where it differs from the others."""

    @property
    def s3_endpoint(self) -> str | None:
        """Return S3's address, or None if it is AWS's own."""
        return self.aws_endpoint_url_s3 or self.aws_endpoint_url


class LedgerSettings(Settings):
    """What is needed to know which days are loaded."""

    model_config = SettingsConfigDict(env_prefix="EXPORTER_")

    clean_bucket: str = Field(min_length=1)
    """Name of the bucket of the clean zone: tables and run ledger."""


class LakeSettings(LedgerSettings):
    """What is needed to read the lake's tables and to write some; no password is."""

    glue_database: str = Field(min_length=1)
    """Name of the Glue database in which the clean zone's tables are catalogued."""
    business_timezone: Timezone = ZoneInfo("Asia/Ho_Chi_Minh")
    """The shop's own timezone: a business day begins and ends in it."""
    row_group_rows: int = Field(100_000, ge=1)
    """How many rows are gathered before they are written; memory grows with it."""
    rows_per_file: int = Field(8_000_000, ge=1)
    """The most rows of one Parquet file; as many lines take about 64 MB."""
    commit_attempts: int = Field(5, ge=1)
    """How often a table's commit is tried when somebody else changed the table meanwhile."""


class MartSettings(LakeSettings):
    """What the marts need."""

    trend_shoppers: int = Field(20, ge=1)
    """With how many shoppers, that came or were to be expected, a trend may be significant."""
    trend_z_score: float = Field(3.0, gt=0)
    """From which z-score on a trend is significant: at 3, about one value in 370 would be so by
    chance, and a day compares some 250."""
    pair_baskets: int = Field(3, ge=1)
    """In how many baskets two products must lie together to count as a pair."""

    def limits(self) -> dict[str, int | float]:
        """Return what the marts' SQL must be told besides the day."""
        return self.model_dump(include={"trend_shoppers", "trend_z_score", "pair_baskets"})


class ExporterSettings(LakeSettings):
    """What the daily load needs."""

    metrics_folder: Path | None = None
    """Where a night leaves its figures, as a Prometheus text file; nowhere if not set."""

    secret_id: str | None = None
    """Secret in Secrets Manager, a JSON object with `database_url` and `pseudonym_key`: where the
    environment may hold no password, as that of a Lambda, it is read from there."""
    database_url: SecretStr
    """Where MySQL is and who we are there: `mysql+pymysql://user:password@host:port/database`."""
    landing_bucket: str = Field(min_length=1)
    """Name of the bucket to which the delivery stream brings the events."""
    pseudonym_key: SecretStr | None = None
    """Secret that turns ids into pseudonyms, at least 32 characters; or give it in a file."""
    pseudonym_key_file: Path | None = None
    """File with the pseudonym key. A new key makes every shopper a new one to the analyst."""
    page_rows: int = Field(10_000, ge=1)
    """How many rows of a table the database sends as one page."""
    delivery_grace: timedelta = timedelta(minutes=6)
    """How long after a day's end its last events may need to reach the landing zone: the load
    waits for them, so it is a little longer than the delivery stream's buffer."""
    early_hours: int = Field(1, ge=0)
    """How many hours of deliveries before a day's begin are searched for its events: the clock of a
    server that received them may have been ahead of the stream's."""
    late_hours: int = Field(6, ge=0)
    """How many hours of deliveries after a day's end are searched for its events."""
    event_clock_slack: timedelta = timedelta(days=2)
    """By how much the times of an event and of its retry may differ, a client's clock having been
    set in between; how many days lie between the two does not matter."""
    lookup_rows: int = Field(100_000, ge=1)
    """How many events at a time are looked up in the other days."""
    download_threads: int = Field(8, ge=1)
    """How many landing zone objects are read at once."""
    lock_wait: timedelta = timedelta(minutes=10)
    """How long a load waits for another one to end before it gives up."""
    target_file_bytes: int = Field(64 * 1024 * 1024, ge=1)
    """A file of this size is large enough: compaction leaves it as it is."""
    compaction_rows: int = Field(250_000, ge=1)
    """How many rows compaction sorts at a time."""
    keep_snapshots_for: timedelta = timedelta(days=7)
    """How long a table's earlier states can still be read."""
    orphans_after: timedelta = timedelta(days=1)
    """How old a file that is in no snapshot must be to be removed."""
    keep_quarantine_for: timedelta = timedelta(days=30)
    """How long the files of a day that broke a rule are kept for whoever looks into it."""
    recheck_days: int = Field(45, ge=0)
    """How many of the latest loaded days are compared with the database for late changes."""

    @model_validator(mode="before")
    @classmethod
    def _read_secret(cls, given: dict[str, Any]) -> dict[str, Any]:
        if not given.get("secret_id"):
            return given
        answer = client("secretsmanager").get_secret_value(SecretId=given["secret_id"])
        secret: dict[str, Any] = json.loads(answer["SecretString"])
        return secret | given

    @model_validator(mode="after")
    def _has_a_pseudonym_key(self) -> Self:
        if (self.pseudonym_key is None) == (self.pseudonym_key_file is None):
            raise ValueError("set either EXPORTER_PSEUDONYM_KEY or EXPORTER_PSEUDONYM_KEY_FILE")
        if len(self.pseudonym_secret()) < SHORTEST_KEY:
            raise ValueError(f"the pseudonym key needs at least {SHORTEST_KEY} characters")
        return self

    def pseudonym_secret(self) -> bytes:
        """Return the pseudonym key wherever it is kept."""
        if self.pseudonym_key_file is not None:
            return self.pseudonym_key_file.read_bytes().strip()
        return self.pseudonym_key.get_secret_value().strip().encode() if self.pseudonym_key else b""
