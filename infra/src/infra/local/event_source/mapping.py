"""One shard feeds one function: what AWS's event source mapping does, record by record.

A batch is in one of three ways done: the function took it, its first failed record onwards is tried
again, or it was given up after the failure queue acknowledged its record. Only then is it
checkpointed, so a worker that dies delivers again and loses nothing.

Retries are counted for the batch that stands at the head. Splitting a batch costs none, so of n
records a poison record is delivered about log2(n) times on its way to being alone, and then
1 + maximum_retry_attempts times.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from time import monotonic

from fashion_kit.clock import Clock, Timer
from fashion_kit.ids import IdFactory
from fashion_kit.logs import get_logger
from infra.local.checkpoints import Checkpoint, CheckpointFile
from infra.local.event_source.failures import FailureDestination
from infra.local.event_source.function import Function, FunctionUnavailableError, first_failure
from infra.local.event_source.measures import measures_in
from infra.local.event_source.records import (
    Condition,
    LostBatch,
    Source,
    failure_record,
    fitting,
    lambda_event,
)
from infra.local.event_source.status import ShardProgress
from infra.local.shards import AWS_ERRORS, Record, RecordSource
from infra.local.worker_settings import EventSourceSettings
from infra.local.workers import Backoff

log = get_logger(__name__)


@dataclass(frozen=True)
class Ports:
    """What a mapping reaches the outside through."""

    function: Function
    failures: FailureDestination
    clock: Clock
    new_id: IdFactory
    timer: Timer = monotonic


@dataclass(frozen=True)
class Attempt:
    """Records that are delivered together, and how often exactly these have failed before."""

    records: Sequence[Record]
    failures: int = 0
    error: str | None = None


class ShardMapping:
    """Delivers one shard to the function, in order, until it ends or a stop is asked for."""

    def __init__(
        self,
        settings: EventSourceSettings,
        source: Source,
        reader: RecordSource,
        checkpoint: CheckpointFile,
        ports: Ports,
        stop: Event,
    ) -> None:
        self.progress = ShardProgress()
        self._settings = settings
        self._source = source
        self._reader = reader
        self._checkpoint = checkpoint
        self.progress.last_sequence_number = checkpoint.load().sequence_number
        self._ports = ports
        self._stop = stop
        self._read: deque[Record] = deque()
        self._backoff = Backoff.of(settings, stop)

    def run(self) -> None:
        """Deliver batch after batch; at a stop, finish the running invocation first.

        A shard that ended by a split or a merge is noted as finished once all of it is delivered.
        """
        while not self._stop.is_set():
            try:
                self._gather()
            except AWS_ERRORS as error:
                log.warning("shard_not_read", shard=self._source.shard_id, error=str(error))
                self._backoff.wait()
                continue
            self._backoff.reset()
            if batch := list(fitting(self._read, self._settings.batch_size)):
                self.deliver(batch)
                for _ in batch:
                    self._read.popleft()
            elif self._reader.has_ended:
                self._checkpoint.finish()
                return
            else:
                self._stop.wait(self._settings.idle_poll_seconds)

    def deliver(self, batch: Sequence[Record]) -> None:
        """Deliver the batch until each of its records is done, or a stop is asked for."""
        self.progress.begin(batch)
        pending = deque([Attempt(batch)])
        while pending and not self._stop.is_set():
            pending.extendleft(reversed(self._deliver_once(pending.popleft())))
        if not pending:
            self.progress.end()

    def _gather(self) -> None:
        """Read until a batch is full, or its window has passed since its first record came."""
        window = self._settings.batching_window_seconds
        began = self._ports.timer()
        while (missing := self._settings.batch_size - len(self._read)) > 0:
            self._read.extend(self._reader.read(missing))
            is_open = self._ports.timer() - began < window and not self._reader.has_ended
            may_wait = self._read and is_open
            if not may_wait or self._stop.wait(self._settings.idle_poll_seconds):
                return

    def _deliver_once(self, attempt: Attempt) -> list[Attempt]:
        """Deliver the records once; return what is still to be delivered, in order."""
        if too_old := self._too_old(attempt.records):
            self._give_up(attempt, too_old, Condition.AGE)
            rest = attempt.records[len(too_old) :]
            return [Attempt(rest)] if rest else []
        try:
            answer = self._ports.function(lambda_event(self._source, attempt.records))
        except FunctionUnavailableError as error:
            log.warning("function_unavailable", shard=self._source.shard_id, error=str(error))
            self._backoff.wait()
            return [attempt]
        self.progress.batches += 1
        self.progress.measured(measures_in(answer.log))
        failed_at = first_failure(
            answer, attempt.records, reports_items=self._settings.reports_batch_item_failures
        )
        if failed_at is None:
            self._done(attempt.records)
            return []
        return self._after_failure(attempt, failed_at, answer.error)

    def _after_failure(self, attempt: Attempt, failed_at: int, error: str | None) -> list[Attempt]:
        log.warning(
            "batch_failed",
            shard=self._source.shard_id,
            first=attempt.records[failed_at].sequence_number,
            size=len(attempt.records),
            error=error,
        )
        if failed_at > 0:
            self._done(attempt.records[:failed_at])
            self._backoff.wait()
            failures = 0 if self._settings.bisect_on_error else 1
            return [Attempt(attempt.records[failed_at:], failures, error)]
        if self._settings.bisect_on_error and len(attempt.records) > 1:
            middle = len(attempt.records) // 2
            return [Attempt(attempt.records[:middle]), Attempt(attempt.records[middle:])]
        return self._retry_or_give_up(
            Attempt(attempt.records, attempt.failures + 1, error),
        )

    def _retry_or_give_up(self, failed: Attempt) -> list[Attempt]:
        limit = self._settings.maximum_retry_attempts
        if limit < 0 or failed.failures <= limit:
            self._backoff.wait()
            return [failed]
        self._give_up(failed, failed.records, Condition.RETRIES)
        return []

    def _too_old(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return the records at the head that may not be tried (again)."""
        limit = self._settings.maximum_record_age_seconds
        if limit < 0:
            return []
        oldest = self._ports.clock() - timedelta(seconds=limit)
        count = next(
            (at for at, record in enumerate(records) if record.arrived_at >= oldest), len(records)
        )
        return records[:count]

    def _give_up(self, attempt: Attempt, records: Sequence[Record], condition: Condition) -> None:
        lost = LostBatch(records, condition, attempt.failures, attempt.error)
        failure = failure_record(
            self._source, lost, request_id=self._ports.new_id(), now=self._ports.clock()
        )
        while not self._stop.is_set():
            try:
                self._ports.failures.send(failure)
            except AWS_ERRORS as error:
                log.warning("failure_queue_unavailable", error=str(error))
                self._backoff.wait()
            else:
                log.error(
                    "batch_given_up",
                    shard=self._source.shard_id,
                    first=records[0].sequence_number,
                    size=len(records),
                    condition=condition,
                )
                self.progress.failures += len(records)
                self._done(records)
                return

    def _done(self, records: Sequence[Record]) -> None:
        self._backoff.reset()
        self._checkpoint.save(Checkpoint(sequence_number=records[-1].sequence_number))
        self.progress.done(records)
