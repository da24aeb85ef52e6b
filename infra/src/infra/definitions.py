"""How events, deliveries and nights are timed: the constructs and the local workers read it here.

EventSource  how the stream feeds the Lambda (AWS: event source mapping; here: event_source.py)
Delivery     how the stream feeds the landing zone (AWS: Firehose; here: delivery.py)
Schedule     when the daily load starts (AWS: EventBridge Scheduler; here: schedule.py)
RecurringJob which command starts at which rate (the same two)
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class EventSource:
    """How the stream's records reach the interactions function."""

    batch_size: int = 100
    """The most records of one invocation."""
    batching_window_seconds: int = 0
    """How long a batch may wait to become full; 0 because a pick must change at once."""
    maximum_retry_attempts: int = 3
    """How often a failed batch is tried again before it goes to the failure queue."""
    maximum_record_age_seconds: int = 3600
    """From which age on a record is not tried again."""
    bisect_on_error: bool = True
    """Whether a failed batch is split in two, so that a poison record ends up alone."""
    parallelization_factor: int = 1
    """How many batches of one shard run at once; more would only help a shard that falls behind."""
    reports_batch_item_failures: bool = True
    """Whether the function's answer names the first failed record."""
    function_timeout_seconds: int = 10
    """How long one invocation may take."""


@dataclass(frozen=True)
class Delivery:
    """How the stream's records are gathered into objects of the landing zone."""

    buffer_seconds: int = 300
    """An object is written this long after its first record came, ..."""
    buffer_bytes: int = 5 * 1024 * 1024
    """... or as soon as this much (uncompressed) has come."""
    prefix: str = "events/dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/"
    """The folder of an object: the UTC hour in which its first record came."""
    error_prefix: str = "bad/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/"
    """The folder of what could not be delivered."""


@dataclass(frozen=True)
class Schedule:
    """When the business day that has just ended is loaded into the lake."""

    hour: int = 0
    minute: int = 1
    timezone: str = "Asia/Ho_Chi_Minh"
    """The shop's own timezone; a day begins and ends in it."""
    maximum_retry_attempts: int = 3
    """How often AWS tries again to start the load."""

    @property
    def expression(self) -> str:
        """Return it in EventBridge Scheduler's words."""
        return f"cron({self.minute} {self.hour} * * ? *)"


@dataclass(frozen=True)
class RecurringJob:
    """A command that is started again and again, at a steady rate."""

    name: str
    command: tuple[str, ...]
    """The program, which is also a Python module, and its arguments."""
    every: timedelta
    """The time from one start to the next, in whole minutes."""
    description: str
    maximum_retry_attempts: int = 2
    """How often AWS tries again to start a run; it does so no longer than until the next one."""

    @property
    def expression(self) -> str:
        """Return the rate in EventBridge Scheduler's words, which tell one from many."""
        minutes = self.every // timedelta(minutes=1)
        count, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
        return f"rate({count} {unit}{'' if count == 1 else 's'})"


EVENT_SOURCE = EventSource()
DELIVERY = Delivery()
SCHEDULE = Schedule()
BUILD = RecurringJob(
    "build",
    ("recommender", "build"),
    timedelta(hours=1),
    "Builds a model from the events of the last months.",
)
REFRESH = RecurringJob(
    "refresh",
    ("recommender", "refresh"),
    timedelta(minutes=5),
    "Adds the last hours' events and new products to the model, and counts the trends.",
)
RECURRING_JOBS = (BUILD, REFRESH)
