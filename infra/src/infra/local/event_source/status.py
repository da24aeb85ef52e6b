"""What the event source poller says about itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fashion_contracts.measures import BatchMeasures
from infra.local.event_source.measures import MeasuresSum
from infra.local.shards import Record
from infra.local.workers import Status


class EventSourceStatus(Status):
    """The figures that `make status` and the demo read."""

    records: int
    """Records that are done: taken by the function, or given up."""
    batches: int
    """Invocations that the function answered."""
    failures: int
    """Records that were given up and told to the failure queue."""
    iterator_age_ms: int
    """Age of the oldest record that is being delivered; 0 if none waits."""
    last_sequence_numbers: dict[str, str]
    """The last record done, for each shard."""
    measures: MeasuresSum = MeasuresSum()
    """What the function said of its batches."""


class ShardProgress:
    """The figures of one shard; one thread writes them, another may read them at any time."""

    def __init__(self) -> None:
        self.records = 0
        self.batches = 0
        self.failures = 0
        self.last_sequence_number: str | None = None
        self.measures = MeasuresSum()
        self._oldest: datetime | None = None

    def begin(self, batch: Sequence[Record]) -> None:
        """Note that the batch is being delivered."""
        self._oldest = batch[0].arrived_at

    def measured(self, batch: BatchMeasures | None) -> None:
        """Add what the function said of a batch."""
        if batch is not None:
            # A new object, so that who reads meanwhile sees all of a batch or nothing.
            self.measures += MeasuresSum.of(batch)

    def done(self, records: Sequence[Record]) -> None:
        """Note that these records are done."""
        self.records += len(records)
        self.last_sequence_number = records[-1].sequence_number

    def end(self) -> None:
        """Note that the whole batch is done."""
        self._oldest = None

    def age(self, now: datetime) -> timedelta:
        """Return the age of the oldest record that is being delivered."""
        oldest = self._oldest
        return timedelta() if oldest is None else max(now - oldest, timedelta())
