"""OpenTelemetry behind `fashion_kit.tracing`: the only module that imports it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from fashion_kit.settings import TracingSettings
from fashion_kit.tracing import Kind

_KINDS: Final[dict[Kind, trace.SpanKind]] = {
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "producer": trace.SpanKind.PRODUCER,
    "consumer": trace.SpanKind.CONSUMER,
}
_PATH: Final = "/v1/traces"
_W3C: Final = TraceContextTextMapPropagator()


class OtelSpan:
    """A span that learns its name while it is under way."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def name(self, name: str, attributes: Mapping[str, str | int]) -> None:
        """Say what it is."""
        self._span.update_name(name)
        self._span.set_attributes(attributes)


class RestingExporter(SpanExporter):
    """Leaves a collector that failed alone for a while, so that the shop waits for it but once.

    A Lambda sends after every batch, and would be as slow as the collector's timeout.
    """

    def __init__(self, inner: SpanExporter, rest_seconds: float) -> None:
        self._inner = inner
        self._rest_seconds = rest_seconds
        self._rests_until = -inf

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send the spans, or drop them while the collector rests."""
        if monotonic() < self._rests_until:
            return SpanExportResult.FAILURE
        result = self._inner.export(spans)
        if result is SpanExportResult.FAILURE:
            self._rests_until = monotonic() + self._rest_seconds
        return result

    def shutdown(self) -> None:
        """Send nothing more."""
        self._inner.shutdown()


class OtelTracer:
    """Sends spans to an OTLP collector, in batches and from a thread of its own."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("fashion_kit")

    @contextmanager
    def span(self, name: str, kind: Kind, follows: Iterable[str | None]) -> Iterator[OtelSpan]:
        """Trace the block; of several traces it follows from, the earlier ones are linked."""
        parents = [
            _W3C.extract({"traceparent": parent}) for parent in dict.fromkeys(follows) if parent
        ]
        links = [
            trace.Link(trace.get_current_span(parent).get_span_context()) for parent in parents[:-1]
        ]
        context = parents[-1] if parents else None
        with self._tracer.start_as_current_span(
            name, context=context, kind=_KINDS[kind], links=links
        ) as span:
            yield OtelSpan(span)

    def traceparent(self) -> str | None:
        """Return the W3C traceparent of the span that is under way."""
        context = trace.get_current_span().get_span_context()
        if not context.is_valid:
            return None
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"

    def flush(self) -> None:
        """Send what is finished."""
        self._provider.force_flush()

    def close(self) -> None:
        """Send what is finished, and stop."""
        self._provider.shutdown()


def open_tracer(service: str, settings: TracingSettings) -> OtelTracer:
    """Return the tracer of a process."""
    endpoint = (settings.exporter_otlp_endpoint or "").rstrip("/")
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(settings.traces_sampler_arg),
        resource=Resource.create({SERVICE_NAME: service}),
        # The process stops it itself, in its own order.
        shutdown_on_exit=False,
    )
    sender = OTLPSpanExporter(f"{endpoint}{_PATH}", timeout=settings.exporter_otlp_timeout)
    exporter = RestingExporter(sender, settings.exporter_otlp_rest)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return OtelTracer(provider)
