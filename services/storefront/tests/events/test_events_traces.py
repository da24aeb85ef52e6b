"""Events carry the trace of the request in which they came, and none against their will."""

from collections.abc import Iterator
from typing import Any

import pytest
from services.storefront.tests.conftest import (
    InProcess,
    MakeProduct,
    Shopper,
    StreamReader,
)
from services.storefront.tests.events.conftest import VIEW

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from infra.observe.collector import Collector, collecting
from storefront.database import Sessions
from storefront.outbox.relay import Relay
from storefront.settings import StorefrontSettings
from storefront.stream import StreamPublisher

pytestmark = pytest.mark.servers

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
OWN = f"00-{'a' * 32}-{'b' * 16}-01"
HEADERS = {"traceparent": TRACEPARENT}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Return a collector to which the environment sends the traces."""
    with collecting() as (collector, url):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        yield collector


async def sent(in_process: InProcess, stream: StreamReader, *events: dict[str, Any]) -> list[Any]:
    async with in_process() as client:
        answer = await client.post("/events", json={"events": list(events)}, headers=HEADERS)
    assert answer.json()["accepted"] == len(events)
    return stream.read()


async def test_off_an_event_carries_no_trace(in_process: InProcess, stream: StreamReader) -> None:
    (event,) = await sent(in_process, stream, VIEW)
    assert event.traceparent is None


# The second is judged by the contract's model, as it speaks another dialect.
@pytest.mark.parametrize("view", [VIEW, {**VIEW, "price": 9.9}])
async def test_an_event_carries_its_requests_span(
    collector: Collector, in_process: InProcess, stream: StreamReader, view: dict[str, Any]
) -> None:
    (event,) = await sent(in_process, stream, view)
    request, publish = collector.trace(TRACE_ID)
    assert event.traceparent == f"00-{TRACE_ID}-{request.span_id}-01"
    assert (request.name, publish.name) == ("POST /events", "clickstream publish")


async def test_a_traceparent_of_its_own_stays(
    collector: Collector, in_process: InProcess, stream: StreamReader
) -> None:
    (event,) = await sent(in_process, stream, VIEW | {"traceparent": OWN})
    assert event.traceparent == OWN


async def test_without_consent_an_event_carries_none(
    collector: Collector, in_process: InProcess, stream: StreamReader
) -> None:
    refused = {key: value for key, value in VIEW.items() if key != "anonymous_id"}
    (event,) = await sent(in_process, stream, refused | {"consent": False})
    assert event.traceparent is None


async def test_a_purchase_carries_its_requests_span_through_the_outbox(
    collector: Collector,
    in_process: InProcess,
    shopper: Shopper,
    make_product: MakeProduct,
    stream: StreamReader,
    sessions: Sessions,
    publisher: StreamPublisher,
    storefront_settings: StorefrontSettings,
) -> None:
    lines = [{"product_id": make_product(), "quantity": 1} for _ in range(2)]
    bearer = {"Authorization": shopper.client.headers["authorization"]}
    key = {"Idempotency-Key": new_id()}
    async with in_process() as client:
        answer = await client.post(
            "/purchases", json={"lines": lines}, headers=HEADERS | bearer | key
        )
        assert answer.status_code == 201
        cancel = f"/purchases/{answer.json()['id']}/cancel"
        answer = await client.post(cancel, headers=HEADERS | bearer)
        assert answer.is_success, answer.text
    Relay(sessions, publisher, storefront_settings, clock=utc_now).relay_batch()
    spans = {span.name: span.span_id for span in collector.trace(TRACE_ID)}
    told = {event.type: event.traceparent for event in stream.read()}
    assert told == {
        "purchase": f"00-{TRACE_ID}-{spans['POST /purchases']}-01",
        "refund": f"00-{TRACE_ID}-{spans['POST /purchases/{purchase_id}/cancel']}-01",
    }
