"""The plain way to take an event: one endpoint, one boto3 put_record for each request."""

from datetime import UTC, datetime

import boto3
from botocore.config import Config
from fastapi import FastAPI

from fashion_contracts.events import Interaction
from storefront.events.schemas import EventBatch

CONNECTIONS = 64

app = FastAPI()
kinesis = boto3.session.Session().client("kinesis", config=Config(max_pool_connections=CONNECTIONS))


@app.post("/events", status_code=202)
def take_events(batch: EventBatch) -> dict[str, int]:
    """Check the event, put it on the stream, and say so."""
    for event in batch.events:
        interaction = Interaction.stamped(event, datetime(2026, 1, 1, tzinfo=UTC))
        kinesis.put_record(
            StreamName="clicks",
            PartitionKey=interaction.shopper_id,
            Data=interaction.to_record(),
        )
    return {"accepted": len(batch.events)}
