"""What the three workers are told by their environment.

Sizes, windows and retries come from `infra.definitions`, as on AWS; a setting only overrides them.
"""

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings, Timezone
from infra.definitions import BUILD, DELIVERY, EVENT_SOURCE, REFRESH, SCHEDULE


class EventSourceSettings(Settings):
    """The event source poller: which stream feeds which function, and how."""

    model_config = SettingsConfigDict(env_prefix="EVENT_SOURCE_", frozen=True)

    stream: str
    """The stream that is read."""
    function: str
    """The Lambda function that is invoked."""
    failure_queue_url: str
    """The SQS queue that is told of records that were given up."""
    state_folder: Path
    """Where the checkpoints and the status file lie."""
    batch_size: int = Field(default=EVENT_SOURCE.batch_size, ge=1, le=10_000)
    """The most records of one invocation."""
    batching_window_seconds: float = Field(default=EVENT_SOURCE.batching_window_seconds, ge=0)
    """How long a batch may wait to become full; 0 invokes with what is there."""
    maximum_retry_attempts: int = Field(default=EVENT_SOURCE.maximum_retry_attempts, ge=-1)
    """How often a failed batch is tried again before it is given up; -1 for ever."""
    maximum_record_age_seconds: int = Field(default=EVENT_SOURCE.maximum_record_age_seconds, ge=-1)
    """From which age on a record is given up; -1 never."""
    bisect_on_error: bool = EVENT_SOURCE.bisect_on_error
    """Whether a failed batch is split in two, which costs no retry."""
    reports_batch_item_failures: bool = EVENT_SOURCE.reports_batch_item_failures
    """Whether the function's answer names the first failed record."""
    function_timeout_seconds: float = Field(default=EVENT_SOURCE.function_timeout_seconds, gt=0)
    """How long one invocation may take."""
    idle_poll_seconds: float = Field(default=0.05, gt=0)
    """How long an empty shard is left alone; the mean wait of a lone click is half of it."""
    retry_first_seconds: float = Field(default=0.1, gt=0)
    """The wait before the first retry; it doubles with each one."""
    retry_longest_seconds: float = Field(default=10, gt=0)
    """The longest wait between two retries."""


class DeliverySettings(Settings):
    """The delivery stream: which stream is written into which bucket, and how it is buffered."""

    model_config = SettingsConfigDict(env_prefix="DELIVERY_", frozen=True)

    stream: str
    """The stream that is read."""
    bucket: str
    """The bucket of the landing zone."""
    state_folder: Path
    """Where the checkpoints and the status file lie."""
    buffer_seconds: float = Field(default=DELIVERY.buffer_seconds, gt=0)
    """An object is written this long after its first record was read, ..."""
    buffer_bytes: int = Field(default=DELIVERY.buffer_bytes, ge=1)
    """... or as soon as this much, uncompressed, has been read."""
    read_limit: int = Field(default=1000, ge=1, le=10_000)
    """The most records of one read."""
    poll_seconds: float = Field(default=0.5, gt=0)
    """How long an empty shard is left alone."""
    retry_first_seconds: float = Field(default=0.2, gt=0)
    """The wait before the first retry; it doubles with each one."""
    retry_longest_seconds: float = Field(default=10, gt=0)
    """The longest wait between two retries."""
    final_attempts: int = Field(default=3, ge=1)
    """How often a last object is tried at shutdown; what fails is delivered after the restart."""


class ScheduleSettings(Settings):
    """The scheduler: when the daily load and the recommender's jobs are started."""

    model_config = SettingsConfigDict(env_prefix="SCHEDULE_", frozen=True)

    state_folder: Path
    """Where the state of the jobs lies."""
    hour: int = Field(default=SCHEDULE.hour, ge=0, le=23)
    """The hour, in the timezone, at which the day that has just ended is loaded."""
    minute: int = Field(default=SCHEDULE.minute, ge=0, le=59)
    """The minute of that hour."""
    timezone: Timezone = ZoneInfo(SCHEDULE.timezone)
    """The shop's own timezone."""
    catch_up_days: int = Field(default=31, ge=1)
    """How many missed days are loaded at most after a downtime; older ones are left out."""
    maximum_retry_attempts: int = Field(default=SCHEDULE.maximum_retry_attempts, ge=0)
    """How often a load that failed is started again before it counts as failed."""
    retry_first_seconds: float = Field(default=5, ge=0)
    """The wait before the first of these; it doubles with each one."""
    retry_longest_seconds: float = Field(default=300, ge=0)
    """The longest wait between two of these."""
    build_every_seconds: float = Field(default=BUILD.every.total_seconds(), gt=0)
    """How often the recommender's model is built."""
    refresh_every_seconds: float = Field(default=REFRESH.every.total_seconds(), gt=0)
    """How often what is new since the build is added to it, and the trends are counted."""
    tick_seconds: float = Field(default=1, gt=0)
    """How often the clock is looked at."""
    grace_seconds: float = Field(default=10, ge=0)
    """How long a running job may take to end after it was asked to."""
