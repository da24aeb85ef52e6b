"""A span for each request of an HTTP service, below the caller's trace."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fashion_kit import tracing

_UNKNOWN_ROUTE = "unknown"
# What the shop's own machines ask, again and again.
_OPERATIONS = frozenset({"/health", "/ready", "/metrics"})


class TracingMiddleware:
    """Traces every request; its name is its route's, as a path may hold a shopper's id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within a span."""
        if scope["type"] != "http" or scope["path"] in _OPERATIONS:
            await self.app(scope, receive, send)
            return
        status = 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"]
        with tracing.span(method, "server", [tracing.header_of(scope["headers"])]) as span:
            try:
                await self.app(scope, receive, send_and_note)
            finally:
                route = getattr(scope.get("route"), "path", _UNKNOWN_ROUTE)
                attributes = {
                    "http.request.method": method,
                    "http.route": route,
                    "http.response.status_code": status,
                }
                span.name(f"{method} {route}", attributes)


@contextmanager
def traced_requests(app: FastAPI, service: str) -> Iterator[None]:
    """Trace the app's requests for the time of the block, if the environment says where to.

    The middleware is put around the finished stack, and only then: while tracing is off, a request
    passes through nothing more.
    """
    with tracing.running(service) as is_on:
        stack = app.middleware_stack
        if is_on:
            app.middleware_stack = TracingMiddleware(stack or app.build_middleware_stack())
        try:
            yield
        finally:
            app.middleware_stack = stack
