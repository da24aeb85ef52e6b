"""AWS's shapes: the event a Lambda function gets from a stream, and the record of a lost batch."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from infra.local.shards import Record

# AWS allows 6 MB for the request of one invocation; the event around the data takes the rest.
_PAYLOAD_BYTES = 6_000_000
_ENVELOPE_BYTES = 600


class Condition(StrEnum):
    """Why a batch was given up."""

    RETRIES = "RetryAttemptsExhausted"
    AGE = "RecordAgeExceeded"


@dataclass(frozen=True)
class Source:
    """One shard as the event source of one function."""

    stream_arn: str
    shard_id: str
    function_arn: str
    role_arn: str

    @property
    def region(self) -> str:
        """Return the region, which an ARN carries as its fourth part."""
        return self.stream_arn.split(":")[3]


@dataclass(frozen=True)
class LostBatch:
    """A batch that was given up, and what is known of its last delivery."""

    records: Sequence[Record]
    condition: Condition
    deliveries: int
    function_error: str | None


def lambda_event(source: Source, records: Sequence[Record]) -> dict[str, Any]:
    """Return the event of one invocation."""
    return {"Records": [_event_record(source, record) for record in records]}


def failure_record(source: Source, lost: LostBatch, *, request_id: str, now: datetime) -> Any:
    """Return what the failure queue is told: where the batch lies, not what is in it."""
    first, last = lost.records[0], lost.records[-1]
    failure: dict[str, Any] = {
        "requestContext": {
            "requestId": request_id,
            "functionArn": source.function_arn,
            "condition": lost.condition,
            "approximateInvokeCount": lost.deliveries,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": lost.function_error,
        },
        "version": "1.0",
        "timestamp": _instant(now),
        "KinesisBatchInfo": {
            "shardId": source.shard_id,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": _instant(first.arrived_at),
            "approximateArrivalOfLastRecord": _instant(last.arrived_at),
            "batchSize": len(lost.records),
            "streamArn": source.stream_arn,
        },
    }
    if lost.deliveries == 0:
        del failure["responseContext"]
    return failure


def fitting(records: Sequence[Record], limit: int) -> Iterator[Record]:
    """Yield the first records that fit into one invocation, at least one of them."""
    size = 0
    for index, record in enumerate(islice(records, limit)):
        size += len(record.data) * 4 // 3 + _ENVELOPE_BYTES
        if index and size > _PAYLOAD_BYTES:
            return
        yield record


def _event_record(source: Source, record: Record) -> dict[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key,
            "sequenceNumber": record.sequence_number,
            "data": base64.b64encode(record.data).decode(),
            "approximateArrivalTimestamp": record.arrived_at.timestamp(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{source.shard_id}:{record.sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": source.role_arn,
        "awsRegion": source.region,
        "eventSourceARN": source.stream_arn,
    }


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
