"""One shard is buffered by size or time, whichever comes first, and written object by object.

The end of a batch is noted before the object is written, and the checkpoint after it. A worker that
died in between reads the same batch again, up to the noted end, and so replaces the object by its
equal: nothing is lost and nothing is doubled. A reader of the landing zone must still expect whole
batches twice, as with Firehose: that is what is left if the state folder itself is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from fashion_contracts.landing import hour_prefix
from fashion_kit.clock import Timer
from fashion_kit.logs import get_logger
from infra.local.checkpoints import Checkpoint, CheckpointFile
from infra.local.delivery.objects import Batch
from infra.local.delivery.status import ShardProgress
from infra.local.shards import AWS_ERRORS, Record, RecordSource
from infra.local.worker_settings import DeliverySettings
from infra.local.workers import Backoff

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

log = get_logger(__name__)


@dataclass(frozen=True)
class ShardSource:
    """The shard that is delivered, and where its records come from."""

    stream_arn: str
    shard_id: str
    reader: RecordSource
    checkpoint: CheckpointFile


class ShardDelivery:
    """Delivers one shard until it ends or a stop is asked for, and then what it holds."""

    def __init__(
        self,
        settings: DeliverySettings,
        source: ShardSource,
        s3: "S3Client",
        stop: Event,
        *,
        flushes_requested: Callable[[], int],
        timer: Timer = monotonic,
    ) -> None:
        self.progress = ShardProgress()
        self._settings = settings
        self._source = source
        self._s3 = s3
        self._timer = timer
        self._stop = stop
        self._flushes_requested = flushes_requested
        checkpoint = source.checkpoint.load()
        self.progress.last_sequence_number = checkpoint.sequence_number
        self._planned_end = checkpoint.planned_end
        self._buffer: list[Record] = []
        self._buffered_bytes = 0
        self._buffered_at: float | None = None
        self._backoff = Backoff.of(settings, stop)

    def run(self) -> None:
        """Read, buffer and write; at a stop, write the rest.

        A shard that ended by a split or a merge is noted as finished once all of it is written.
        """
        while not self._stop.is_set():
            flush = self._flushes_requested()
            try:
                records = self._source.reader.read(self._settings.read_limit)
            except AWS_ERRORS as error:
                log.warning("shard_not_read", shard=self._source.shard_id, error=str(error))
                self._backoff.wait()
                continue
            self._backoff.reset()
            if not self._take(records):
                break
            if self._source.reader.has_ended and self._write():
                self._source.checkpoint.finish()
                return
            if len(records) < self._settings.read_limit:
                self._at_the_tip(flush)
        self._write_rest()

    def _take(self, records: list[Record]) -> bool:
        """Buffer the records, writing an object each time one is full; say whether all were."""
        self.progress.records_read += len(records)
        for record in records:
            if self._begins_another(record) and not self._write():
                return False
            self._append(record)
            if self._is_complete(record) and not self._write():
                return False
        return not self._is_due() or self._write()

    def _at_the_tip(self, flush: int) -> None:
        """Do what can only be done when nothing more waits on the shard."""
        # A planned batch was on the stream, so by now its end has been read or has expired.
        self._planned_end = None
        if flush > self.progress.flushes_done and self._write():
            self.progress.flushes_done = flush
        if self._flushes_requested() == flush:
            self._stop.wait(self._settings.poll_seconds)

    def _append(self, record: Record) -> None:
        if self._buffered_at is None:
            self._buffered_at = self._timer()
        self._buffer.append(record)
        self._buffered_bytes += len(record.data)

    def _is_complete(self, record: Record) -> bool:
        if self._planned_end is not None:
            return record.sequence_number == self._planned_end
        return self._buffered_bytes >= self._settings.buffer_bytes

    def _is_due(self) -> bool:
        if self._buffered_at is None or self._planned_end is not None:
            return False
        return self._timer() - self._buffered_at >= self._settings.buffer_seconds

    def _begins_another(self, record: Record) -> bool:
        """Say whether the record cannot stand in the object of those before it.

        An object lies in the folder of its hour, so it holds no record of another. And a planned
        object ends where it was planned to, even if its last record has expired meanwhile.
        """
        if not self._buffer:
            return False
        end = self._planned_end
        is_past_end = end is not None and int(record.sequence_number) > int(end)
        return is_past_end or hour_prefix(record.arrived_at) != hour_prefix(
            self._buffer[0].arrived_at
        )

    def _write(self) -> bool:
        """Write the buffer as one object, until it is there or, after a failure, a stop."""
        while self._buffer:
            try:
                self._put()
            except AWS_ERRORS as error:
                log.warning("object_not_written", shard=self._source.shard_id, error=str(error))
                if self._stop.is_set():
                    return False
                self._backoff.wait()
        self._planned_end = None
        return True

    def _put(self) -> None:
        last = self._buffer[-1].sequence_number
        batch = Batch(self._source.stream_arn, self._source.shard_id, self._buffer)
        plan = Checkpoint(sequence_number=self.progress.last_sequence_number, planned_end=last)
        self._source.checkpoint.save(plan)
        self._s3.put_object(
            Bucket=self._settings.bucket,
            Key=batch.key(),
            Body=batch.content(),
            ContentType="application/gzip",
        )
        self._source.checkpoint.save(Checkpoint(sequence_number=last))
        self.progress.delivered(self._buffer)
        self._backoff.reset()
        self._buffer = []
        self._buffered_bytes = 0
        self._buffered_at = None

    def _write_rest(self) -> None:
        """Write what is left at a stop; what cannot be written is read again after the restart."""
        for _ in range(self._settings.final_attempts):
            if self._write():
                return
        log.error("rest_not_written", shard=self._source.shard_id, records=len(self._buffer))
