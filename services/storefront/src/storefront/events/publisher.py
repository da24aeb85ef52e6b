"""Where events go: the good to the stream in batches, the bad to the landing zone."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from fashion_contracts.landing import bad_events_prefix
from fashion_kit.ids import IdFactory
from storefront.events.errors import LandingZoneUnavailableError
from storefront.events.schemas import BadEvent

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class BadEventStore:
    """Keeps the rejected events of one request as one object of JSON lines."""

    def __init__(
        self, client: "S3Client", bucket: str, pool: Executor, *, new_id: IdFactory
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._pool = pool
        self._new_id = new_id

    async def keep(self, events: Sequence[BadEvent]) -> None:
        """Write the events down; raise LandingZoneUnavailableError if that is not possible."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self._put, events)

    def _put(self, events: Sequence[BadEvent]) -> None:
        lines = [event.model_dump_json(by_alias=True) for event in events]
        prefix = bad_events_prefix(events[0].received_at)
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=f"{prefix}{self._new_id()}.jsonl",
                Body=("\n".join(lines) + "\n").encode(),
                ContentType="application/jsonl",
            )
        except (BotoCoreError, ClientError) as error:
            raise LandingZoneUnavailableError from error
