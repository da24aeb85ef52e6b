"""A small OTLP collector: it takes the spans that the shop's processes send, and keeps them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from gzip import decompress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PATH = "/v1/traces"
POLL_SECONDS = 0.05
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Seen:
    """One span as it came."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    began: float
    """Seconds since 1970."""
    seconds: float
    attributes: Mapping[str, str] = field(default_factory=dict)


class Collector:
    """What has come so far; threads add to it, and others wait for what they look for."""

    def __init__(self) -> None:
        self._spans: list[Seen] = []
        self._came = Condition()

    def add(self, spans: list[Seen]) -> None:
        """Keep the spans."""
        with self._came:
            self._spans += spans
            self._came.notify_all()

    def trace(self, trace_id: str) -> list[Seen]:
        """Return the spans of one trace, in the order in which they began."""
        with self._came:
            found = [span for span in self._spans if span.trace_id == trace_id]
        return sorted(found, key=lambda span: span.began)

    def wait_for(self, trace_id: str, names: set[str], *, seconds: float) -> list[Seen]:
        """Return the trace once it has spans of these names, or what there is in the end."""
        with self._came:
            self._came.wait_for(
                lambda: names <= {s.name for s in self._spans if s.trace_id == trace_id}, seconds
            )
        return self.trace(trace_id)

    def settled(self, before: float) -> list[str]:
        """Return the traces to which nothing has been added that ended after `before`."""
        with self._came:
            last: dict[str, float] = {}
            for span in self._spans:
                end = span.began + span.seconds
                last[span.trace_id] = max(end, last.get(span.trace_id, 0.0))
        return [trace_id for trace_id, end in last.items() if end <= before]

    def forget(self, trace_id: str) -> None:
        """Drop a trace."""
        with self._came:
            self._spans = [span for span in self._spans if span.trace_id != trace_id]


def read_spans(body: bytes) -> list[Seen]:
    """Return the spans of an OTLP export; raise protobuf's DecodeError if it is none."""
    request = ExportTraceServiceRequest.FromString(body)
    return [
        _seen(service, span)
        for resource in request.resource_spans
        for service in [_texts(resource.resource.attributes).get("service.name", "?")]
        for scope in resource.scope_spans
        for span in scope.spans
    ]


@contextmanager
def collecting(*, host: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[Collector, str]]:
    """Yield a collector and the base URL to which it is sent, for the time of the block."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = decompress(body)
            collector.add(read_spans(body))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of each export."""

    with ThreadingHTTPServer((host, port), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="collector")
        thread.start()
        try:
            yield collector, f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _seen(service: str, span: Span) -> Seen:
    return Seen(
        service=service,
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        began=span.start_time_unix_nano / _NANOSECONDS,
        seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / _NANOSECONDS,
        attributes=_texts(span.attributes),
    )


def _texts(attributes: object) -> dict[str, str]:
    found = {}
    for attribute in attributes:  # type: ignore[attr-defined] # the generated classes say too little
        kind = attribute.value.WhichOneof("value")
        found[attribute.key] = str(getattr(attribute.value, kind)) if kind else ""
    return found
