"""What every request passes first: limits, security headers, CORS, and the net below crashes."""

from typing import Any, Final

from fastapi import FastAPI

from fashion_kit.edge.body_limit import BodyLimitMiddleware
from fashion_kit.edge.cors import CorsMiddleware
from fashion_kit.edge.crashes import CrashMiddleware
from fashion_kit.edge.limiter import RateLimiter
from fashion_kit.edge.rate_limits import RateLimitMiddleware, RateLimits
from fashion_kit.edge.security_headers import DOCS_POLICIES, SecurityHeadersMiddleware
from fashion_kit.edge.trailing_slash import TrailingSlashMiddleware
from fashion_kit.problems import document_problems
from storefront.settings import SafetySettings

CREDENTIALS: Final = frozenset(
    {
        ("POST", "/token"),
        ("POST", "/users"),
        ("PUT", "/users/me/password"),
        ("DELETE", "/users/me"),
    }
)
"""Where a password can be tried."""

OPERATIONS: Final = frozenset({"/health", "/ready", "/metrics"})
"""What the shop's own machines ask; they are never limited."""

OWN_BODY_LIMIT: Final = frozenset({("POST", "/events")})

REQUEST_HEADERS: Final = (
    "Authorization",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "traceparent",
)
RESPONSE_HEADERS: Final = (
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Idempotent-Replayed",
)


def install_edge(app: FastAPI) -> None:
    """Put the middleware around the app; what is added last is passed first.

    A refusal and a crash are inside the headers, so that a browser may read them as well.
    """
    app.add_middleware(BodyLimitMiddleware, exempt=OWN_BODY_LIMIT)
    app.add_middleware(RateLimitMiddleware)
    app.add_middleware(CrashMiddleware)
    app.add_middleware(
        CorsMiddleware, allow_headers=REQUEST_HEADERS, expose_headers=RESPONSE_HEADERS
    )
    app.add_middleware(SecurityHeadersMiddleware, page_policies=DOCS_POLICIES)
    app.add_middleware(TrailingSlashMiddleware)
    document_problems(app, 400, 408, 413)
    document_problems(app, 429, exempt=OPERATIONS)


def open_edge(settings: SafetySettings) -> dict[str, Any]:
    """Return the parts of the app's state that the middleware and the server's protocol read."""

    def limiter(name: str, per_minute: int) -> RateLimiter | None:
        entries = settings.rate_limit_entries
        return RateLimiter(name, per_minute, entries=entries) if per_minute else None

    return {
        "body_limit": settings.request_body_limit_bytes,
        "body_timeout": settings.request_body_timeout.total_seconds(),
        "head_limit": settings.request_head_limit_bytes,
        "head_timeout": settings.request_head_timeout.total_seconds(),
        "answer_timeout": settings.answer_timeout.total_seconds(),
        "cors_origins": settings.cors_origins,
        "rate_limits": RateLimits(
            by_address=limiter("address", settings.address_requests_per_minute),
            by_bearer=limiter("user", settings.user_requests_per_minute),
            credentials_by_address=limiter("credentials", settings.credential_requests_per_minute),
            credentials=CREDENTIALS,
            exempt=OPERATIONS,
        ),
    }
