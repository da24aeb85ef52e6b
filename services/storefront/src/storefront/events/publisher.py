"""Where events go: the good to the stream in batches, the bad to the landing zone."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from fashion_contracts.landing import bad_events_prefix
from fashion_kit.batcher import Batcher, BatchLimits, Refused
from fashion_kit.errors import TransientError
from fashion_kit.ids import IdFactory
from storefront.events.schemas import BadEvent
from storefront.settings import StorefrontSettings
from storefront.stream import MAX_BYTES, MAX_RECORDS, StreamPublisher, StreamRecord

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

StreamBatcher = Batcher[StreamRecord, str]


class LandingZoneUnavailableError(TransientError):
    """Raised when a rejected event could not be kept; its request is not answered without."""

    def __init__(self) -> None:
        super().__init__("Rejected events cannot be kept at the moment. Send all of it again.")


def event_batcher(
    stream: StreamPublisher, pool: Executor, settings: StorefrontSettings
) -> StreamBatcher:
    """Return the batcher that puts records on the stream from the pool's threads."""

    async def send(records: Sequence[StreamRecord]) -> list[str | Refused]:
        return await asyncio.get_running_loop().run_in_executor(pool, stream.put, records)

    limits = BatchLimits(
        items=MAX_RECORDS,
        weight=MAX_BYTES,
        queued_items=settings.event_queue_limit,
        in_flight=settings.event_batches_in_flight,
        attempts=settings.event_attempts,
    )
    return Batcher(send, limits=limits, weigh=lambda record: record.weight)


class BadEventStore:
    """Keeps the rejected events of one request as one object of JSON lines."""

    def __init__(self, client: "S3Client", bucket: str, new_id: IdFactory) -> None:
        self._client = client
        self._bucket = bucket
        self._new_id = new_id

    def keep(self, events: Sequence[BadEvent], received_at: datetime) -> None:
        """Write the events down; raise LandingZoneUnavailableError if that is not possible."""
        lines = [event.model_dump_json(by_alias=True) for event in events]
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=f"{bad_events_prefix(received_at)}{self._new_id()}.jsonl",
                Body=("\n".join(lines) + "\n").encode(),
                ContentType="application/jsonl",
            )
        except (BotoCoreError, ClientError) as error:
            raise LandingZoneUnavailableError from error
