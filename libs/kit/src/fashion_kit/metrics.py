"""Prometheus metrics of an HTTP service: how many requests, how they ended, how long they took."""

from functools import cache
from time import perf_counter

from fastapi import FastAPI
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("http_requests", "Requests answered.", ["method", "route", "status"])
# From half a millisecond, for picks and events are answered in a few.
_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SECONDS = Histogram(
    "http_request_seconds", "Time to the answer.", ["method", "route"], buckets=_BOUNDS
)

# A path nobody serves must not make a new time series each time somebody guesses one.
UNKNOWN_ROUTE = "unknown"


class MetricsMiddleware:
    """Count and time every request by its route template.

    Pure ASGI: Starlette's `BaseHTTPMiddleware` was measured at more than the endpoint itself.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        status = 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
            requests, seconds = _metrics_of(scope["method"], route, status)
            requests.inc()
            seconds.observe(perf_counter() - began)


@cache
def _metrics_of(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    # Looking them up by their labels costs more than counting.
    return REQUESTS.labels(method, route, status), SECONDS.labels(method, route)


def install_metrics(app: FastAPI) -> None:
    """Measure every request of the app and serve the figures at `GET /metrics`."""
    app.add_middleware(MetricsMiddleware)
    app.add_api_route(
        "/metrics",
        metrics,
        methods=["GET"],
        tags=["operations"],
        response_class=Response,
        responses={200: {"content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}}}},
    )


async def metrics() -> Response:
    """Return the service's metrics in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
