"""Kinesis calls here with a batch of interactions."""

import asyncio
from base64 import b64decode
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from typing import Any

from fashion_kit import tracing
from fashion_kit.garbage import calm_garbage_collection
from fashion_kit.logs import configure
from recommender.interactions.factory import make_service
from recommender.interactions.records import StreamRecord
from recommender.interactions.service import InteractionsService
from recommender.settings import InteractionsSettings

SERVICE = "recommender-interactions"


@cache
def _service() -> InteractionsService:
    settings = InteractionsSettings()
    configure(settings.log_level, settings.log_format, service=SERVICE)
    tracing.start(SERVICE)
    service = make_service(settings)
    # For as long as the process lives.
    ExitStack().enter_context(calm_garbage_collection())
    return service


@cache
def _runner() -> asyncio.Runner:
    """Return the process's event loop, to which its connections belong."""
    return asyncio.Runner()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Apply the batch, and name the records that must come again."""
    records = [_stream_record(record["kinesis"]) for record in event["Records"]]
    failed = _runner().run(_service().apply(records))
    # Between two calls the process stands still, and nothing would be sent.
    tracing.flush()
    return {"batchItemFailures": [{"itemIdentifier": f.sequence_number} for f in failed]}


def _stream_record(record: dict[str, Any]) -> StreamRecord:
    return StreamRecord(
        record["sequenceNumber"],
        b64decode(record["data"]),
        datetime.fromtimestamp(record["approximateArrivalTimestamp"], UTC),
    )
