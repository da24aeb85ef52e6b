"""A click on the stream becomes a shopper: the real bundle, fed by the real poller."""

from pathlib import Path

import pytest

from fashion_contracts.events import ClientEvent, EventType, Interaction
from fashion_kit.aws import client
from fashion_kit.clock import utc_now
from infra.local.resources import Resources
from infra.local.worker_testing import StartWorker, StreamOnEndpoint, eventually

pytestmark = pytest.mark.servers

SHOPPER = "anon-bundle-test"


def _click() -> bytes:
    now = utc_now()  # what is long past expires from the real table
    event = ClientEvent(
        event_id="bundle-1",
        type=EventType.PRODUCT_VIEW,
        anonymous_id=SHOPPER,
        session_id="session-1",
        product_id=7,
        event_time=now,
    )
    return Interaction.stamped(event, now).to_record()


def test_a_record_on_the_stream_becomes_a_shopper(
    resources_with_functions: Resources,
    stream: StreamOnEndpoint,
    start_worker: StartWorker,
    tmp_path: Path,
) -> None:
    stream.put(_click(), key=SHOPPER)
    start_worker(
        "infra.local.event_source",
        {
            "EVENT_SOURCE_STREAM": stream.name,
            "EVENT_SOURCE_FUNCTION": resources_with_functions.interactions_function,
            "EVENT_SOURCE_FAILURE_QUEUE_URL": resources_with_functions.failure_queue_url,
            "EVENT_SOURCE_STATE_FOLDER": str(tmp_path / "state"),
        },
    )
    where = {
        "TableName": resources_with_functions.shoppers_table,
        "Key": {"user_id": {"S": SHOPPER}},
    }
    eventually(lambda: "history" in client("dynamodb").get_item(**where).get("Item", {}))
