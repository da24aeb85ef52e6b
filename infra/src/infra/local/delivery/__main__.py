"""`python -m infra.local.delivery`: write the stream into the landing zone until SIGTERM.

SIGUSR1 has everything written that is on the stream now; `status.flush` sends it and waits.
"""

import os
from threading import Event
from typing import TYPE_CHECKING

from fashion_kit import aws, logs
from fashion_kit.clock import utc_now
from infra.local.checkpoints import CheckpointFile
from infra.local.delivery.shard import ShardDelivery, ShardSource
from infra.local.delivery.status import DeliveryStatus
from infra.local.following import Followed, Follower
from infra.local.lineage import list_shards
from infra.local.shards import ShardReader, Stream
from infra.local.worker_settings import DeliverySettings
from infra.local.workers import Backoff, ask_until_answered, hold_signals, work_until_stopped

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient


class Worker:
    """All shards of one stream, a child after its parents."""

    def __init__(self, settings: DeliverySettings, stop: Event) -> None:
        self._settings = settings
        self._stop = stop
        self._flushes_requested = 0
        self._follower = self._build()

    def run(self) -> None:
        """Deliver until a stop is asked for."""
        work_until_stopped(
            {"shards": self._follower.run},
            self._stop,
            report=lambda: self.status().write(self._settings.state_folder),
            on_user_signal=self._request_flush,
        )

    def status(self) -> DeliveryStatus:
        """Return the figures of all shards together.

        Shards that are finished hold up no flush; their children, which have begun by then, do.
        """
        current = self._follower.current.values()
        shards = {shard_id: work.progress for shard_id, work in self._follower.begun.items()}
        return DeliveryStatus(
            pid=os.getpid(),
            records_read=sum(shard.records_read for shard in shards.values()),
            records_delivered=sum(shard.records_delivered for shard in shards.values()),
            objects=sum(shard.objects for shard in shards.values()),
            flushes_requested=self._flushes_requested,
            flushes_done=min((work.progress.flushes_done for work in current), default=0),
            last_sequence_numbers={
                shard_id: shard.last_sequence_number
                for shard_id, shard in shards.items()
                if shard.last_sequence_number is not None
            },
        )

    def _request_flush(self) -> None:
        self._flushes_requested += 1

    def _build(self) -> Follower[ShardDelivery]:
        kinesis: KinesisClient = aws.client("kinesis")
        s3 = aws.client("s3")
        stream = ask_until_answered(lambda: Stream.describe(kinesis, self._settings.stream))

        def begin(shard_id: str) -> ShardDelivery:
            checkpoint = CheckpointFile(self._settings.state_folder, shard_id)
            after = checkpoint.load().sequence_number
            reader = ShardReader(kinesis, stream, shard_id, after=after, clock=utc_now)
            return ShardDelivery(
                self._settings,
                ShardSource(stream.arn, shard_id, reader, checkpoint),
                s3,
                self._stop,
                flushes_requested=lambda: self._flushes_requested,
            )

        return Follower(
            Followed(lambda: list_shards(kinesis, stream.name), begin, self._settings.state_folder),
            self._stop,
            Backoff.of(self._settings, self._stop),
        )


def main() -> None:
    """Read the settings and deliver."""
    settings = DeliverySettings()
    logs.configure(settings.log_level, settings.log_format, service="delivery")
    worker = Worker(settings, Event())
    hold_signals()
    worker.run()


if __name__ == "__main__":
    main()
