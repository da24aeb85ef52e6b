"""Traces: nothing while they are off, and one trace from the caller through every part if on."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from fashion_kit import tracing
from fashion_kit.request_traces import traced_requests
from infra.local.processes import free_port
from infra.observe.collector import Collector, collecting

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLERS_SPAN = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{CALLERS_SPAN}-01"
UNSAMPLED = f"00-{TRACE_ID}-{CALLERS_SPAN}-00"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Return a collector to which the environment sends the traces."""
    with collecting() as (collector, url):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        yield collector


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.get("/boots/{boot_id}")
    async def get_boot(boot_id: int) -> str | None:
        with tracing.span("look at the shelf", "client"):
            return tracing.traceparent()

    @app.get("/health")
    async def health() -> str | None:
        return tracing.traceparent()

    return app


@pytest.fixture
async def caller(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    app.middleware_stack = app.build_middleware_stack()

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    transport = httpx.ASGITransport(whole, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as caller:
        yield caller


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("tracing", "opentelemetry"),
        # FastAPI itself imports what OpenTelemetry calls its API, wherever that is installed.
        ("tracing, request_traces", "opentelemetry.sdk"),
    ],
)
def test_nothing_of_opentelemetry_is_imported_while_tracing_is_off(
    modules: str, absent: str
) -> None:
    code = (
        f"import sys; from fashion_kit import {modules}; "
        "assert not tracing.start('shop'); "
        f"print([name for name in sys.modules if name.startswith('{absent}')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={})
    assert (done.stdout, done.stderr) == ("[]\n", "")


async def test_off_a_request_passes_through_nothing_more(
    app: FastAPI, caller: httpx.AsyncClient
) -> None:
    stack = app.middleware_stack
    with traced_requests(app, "shop"):
        assert app.middleware_stack is stack
        assert (await caller.get("/boots/7", headers={"traceparent": TRACEPARENT})).json() is None


async def test_a_request_is_part_of_its_callers_trace(
    app: FastAPI, caller: httpx.AsyncClient, collector: Collector
) -> None:
    with traced_requests(app, "shop"):
        told = (await caller.get("/boots/7", headers={"traceparent": TRACEPARENT})).json()
    request, shelf = collector.trace(TRACE_ID)
    assert (request.name, request.service) == ("GET /boots/{boot_id}", "shop")
    assert (request.parent_id, shelf.parent_id) == (CALLERS_SPAN, request.span_id)
    assert told == f"00-{TRACE_ID}-{shelf.span_id}-01"
    assert request.attributes["http.response.status_code"] == "200"


async def test_a_span_says_no_path_for_it_may_hold_an_id(
    app: FastAPI, caller: httpx.AsyncClient, collector: Collector
) -> None:
    with traced_requests(app, "shop"):
        await caller.get("/boots/4711", headers={"traceparent": TRACEPARENT})
        await caller.get("/guess/4711", headers={"traceparent": TRACEPARENT})
    spans = collector.trace(TRACE_ID)
    assert {span.attributes.get("http.route") for span in spans} == {
        "/boots/{boot_id}",
        "unknown",
        None,
    }
    assert "4711" not in str(spans)


async def test_what_the_caller_does_not_sample_is_not_sent(
    app: FastAPI, caller: httpx.AsyncClient, collector: Collector
) -> None:
    with traced_requests(app, "shop"):
        told = (await caller.get("/boots/7", headers={"traceparent": UNSAMPLED})).json()
    assert told.endswith("-00")
    assert collector.trace(TRACE_ID) == []


async def test_health_is_not_traced(app: FastAPI, caller: httpx.AsyncClient) -> None:
    with collecting() as (_, url), pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        with traced_requests(app, "shop"):
            assert (await caller.get("/health")).json() is None


def test_a_span_follows_the_last_of_several_traces(collector: Collector) -> None:
    other = f"00-{'a' * 32}-{'b' * 16}-01"
    with tracing.running("shop"), tracing.span("fold", "consumer", [other, None, TRACEPARENT]):
        pass
    (span,) = collector.trace(TRACE_ID)
    assert span.parent_id == CALLERS_SPAN


@pytest.mark.parametrize("parent", ["", "00-1-2-3", "nonsense", "t" * 55])
def test_a_traceparent_that_is_none_begins_a_new_trace(collector: Collector, parent: str) -> None:
    with tracing.running("shop"), tracing.span("fold", "consumer", [parent]):
        told = tracing.traceparent()
    assert told is not None
    (span,) = collector.trace(told.split("-")[1])
    assert span.parent_id == ""


@pytest.mark.parametrize(("rest", "failures"), [("60", 1), ("0", 3)])
def test_a_collector_that_is_away_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, rest: str, failures: int
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_REST", rest)
    with tracing.running("shop"):
        for _ in range(3):
            with tracing.span("fold", "consumer"):
                pass
            tracing.flush()
    assert len([one for one in caplog.records if one.levelname == "ERROR"]) == failures
