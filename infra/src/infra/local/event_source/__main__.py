"""`python -m infra.local.event_source`: feed the stream to the function until SIGTERM."""

import os
from threading import Event
from typing import TYPE_CHECKING

from fashion_kit import aws, logs
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from infra.local.checkpoints import CheckpointFile
from infra.local.event_source.failures import FailureQueue
from infra.local.event_source.function import LambdaFunction
from infra.local.event_source.mapping import Ports, ShardMapping
from infra.local.event_source.measures import MeasuresSum
from infra.local.event_source.records import Source
from infra.local.event_source.status import EventSourceStatus, ShardProgress
from infra.local.following import Followed, Follower
from infra.local.lineage import list_shards
from infra.local.shards import ShardReader, Stream
from infra.local.worker_settings import EventSourceSettings
from infra.local.workers import Backoff, ask_until_answered, hold_signals, work_until_stopped

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_lambda.client import LambdaClient

# An answer that comes after the function's own limit is still an answer.
_SPARE_SECONDS = 5


def main() -> None:
    """Feed every shard of the stream to the function, a child after its parents."""
    settings = EventSourceSettings()
    logs.configure(settings.log_level, settings.log_format, service="event-source")
    stop = Event()
    follower = build(settings, stop)
    hold_signals()
    work_until_stopped(
        {"shards": follower.run},
        stop,
        report=lambda: status(
            {shard_id: mapping.progress for shard_id, mapping in follower.begun.items()}
        ).write(settings.state_folder),
    )


def build(settings: EventSourceSettings, stop: Event) -> Follower[ShardMapping]:
    """Return what maps each shard to the function, as soon as stream and function exist."""
    kinesis: KinesisClient = aws.client("kinesis")
    # One attempt: a second invocation must be our decision, not the client's.
    functions: LambdaClient = aws.client(
        "lambda",
        attempts=1,
        read_timeout_seconds=settings.function_timeout_seconds + _SPARE_SECONDS,
    )
    stream = ask_until_answered(lambda: Stream.describe(kinesis, settings.stream))
    function = ask_until_answered(
        lambda: functions.get_function_configuration(FunctionName=settings.function)
    )
    ports = Ports(
        LambdaFunction(functions, settings.function),
        FailureQueue(aws.client("sqs"), settings.failure_queue_url),
        utc_now,
        new_id,
    )

    def begin(shard_id: str) -> ShardMapping:
        checkpoint = CheckpointFile(settings.state_folder, shard_id)
        after = checkpoint.load().sequence_number
        reader = ShardReader(kinesis, stream, shard_id, after=after, clock=utc_now)
        source = Source(stream.arn, shard_id, function["FunctionArn"], function["Role"])
        return ShardMapping(settings, source, reader, checkpoint, ports, stop)

    return Follower(
        Followed(lambda: list_shards(kinesis, stream.name), begin, settings.state_folder),
        stop,
        Backoff.of(settings, stop),
    )


def status(shards: dict[str, ShardProgress]) -> EventSourceStatus:
    """Return the figures of all shards together."""
    now = utc_now()
    return EventSourceStatus(
        pid=os.getpid(),
        records=sum(shard.records for shard in shards.values()),
        batches=sum(shard.batches for shard in shards.values()),
        failures=sum(shard.failures for shard in shards.values()),
        iterator_age_ms=max(
            (round(shard.age(now).total_seconds() * 1000) for shard in shards.values()), default=0
        ),
        last_sequence_numbers={
            shard_id: shard.last_sequence_number
            for shard_id, shard in shards.items()
            if shard.last_sequence_number is not None
        },
        measures=sum((shard.measures for shard in shards.values()), MeasuresSum()),
    )


if __name__ == "__main__":
    main()
