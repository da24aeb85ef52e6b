"""Traces: off, and free, until OTEL_EXPORTER_OTLP_ENDPOINT says where they go.

OpenTelemetry takes 0.2 s to import, so nothing of it is imported while tracing is off: all that
knows it is `fashion_kit.otel`, which `start` loads. A trace crosses from process to process as a
W3C `traceparent`: in the header of a request, and in the event that lies on the stream.

https://www.w3.org/TR/trace-context/
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import Literal, Protocol

from fashion_kit.settings import TracingSettings

Kind = Literal["server", "client", "producer", "consumer"]


class Span(Protocol):
    """Something that takes time, while it does."""

    def name(self, name: str, attributes: Mapping[str, str | int]) -> None:
        """Say what it is, once that is known. No attribute leads to a person."""


class Tracer(Protocol):
    """What `fashion_kit.otel` does while tracing is on."""

    def span(
        self, name: str, kind: Kind, follows: Iterable[str | None]
    ) -> AbstractContextManager[Span]:
        """Trace the block below the last trace it follows from, or below the one at hand."""

    def traceparent(self) -> str | None:
        """Return the W3C traceparent of the span that is under way."""

    def flush(self) -> None:
        """Send what is finished."""

    def close(self) -> None:
        """Send what is finished, and stop."""


class _NoSpan:
    def name(self, name: str, attributes: Mapping[str, str | int]) -> None:
        pass


_OFF: AbstractContextManager[Span] = nullcontext(_NoSpan())
_active: Tracer | None = None


def start(service: str) -> bool:
    """Trace this process from now on, if the environment says where to; say whether it does."""
    global _active
    settings = TracingSettings()
    if settings.exporter_otlp_endpoint and _active is None:
        _active = import_module("fashion_kit.otel").open_tracer(service, settings)
    return _active is not None


def stop() -> None:
    """Send what is finished, and trace no more."""
    global _active
    if _active is not None:
        _active.close()
        _active = None


@contextmanager
def running(service: str) -> Iterator[bool]:
    """Trace this process for the time of the block, if the environment says where to."""
    try:
        yield start(service)
    finally:
        stop()


def span(name: str, kind: Kind, follows: Iterable[str | None] = ()) -> AbstractContextManager[Span]:
    """Trace the block, as a part of the last of the traces that it follows from."""
    return _OFF if _active is None else _active.span(name, kind, follows)


def traceparent() -> str | None:
    """Return the W3C traceparent of what is under way; None while tracing is off."""
    return None if _active is None else _active.traceparent()


def flush() -> None:
    """Send what is finished, before the process is made to stand still."""
    if _active is not None:
        _active.flush()


def header_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return a request's traceparent."""
    found: Mapping[bytes, bytes] = dict(headers)
    header = found.get(b"traceparent")
    return None if header is None else header.decode("latin-1")
