"""What every request passes first: body limit, security headers, CORS, the net below crashes."""

from typing import Any, Final

from fastapi import FastAPI

from fashion_kit.edge.body_limit import BodyLimitMiddleware
from fashion_kit.edge.cors import CorsMiddleware
from fashion_kit.edge.crashes import CrashMiddleware
from fashion_kit.edge.security_headers import DOCS_POLICIES, SecurityHeadersMiddleware
from fashion_kit.edge.trailing_slash import TrailingSlashMiddleware
from fashion_kit.problems import document_problems
from recommender.settings import ApiSettings

REQUEST_HEADERS: Final = ("Authorization", "If-None-Match")
RESPONSE_HEADERS: Final = ("ETag", "Retry-After")


def install_edge(app: FastAPI) -> None:
    """Put the middleware around the app; what is added last is passed first."""
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(CrashMiddleware)
    app.add_middleware(
        CorsMiddleware, allow_headers=REQUEST_HEADERS, expose_headers=RESPONSE_HEADERS
    )
    app.add_middleware(SecurityHeadersMiddleware, page_policies=DOCS_POLICIES)
    app.add_middleware(TrailingSlashMiddleware)
    document_problems(app, 400, 408, 413)


def open_edge(settings: ApiSettings) -> dict[str, Any]:
    """Return the parts of the app's state that the middleware and the server's protocol read."""
    return {
        "body_limit": settings.request_body_limit_bytes,
        "body_timeout": settings.request_body_timeout.total_seconds(),
        "head_limit": settings.request_head_limit_bytes,
        "head_timeout": settings.request_head_timeout.total_seconds(),
        "answer_timeout": settings.answer_timeout.total_seconds(),
        "cors_origins": settings.cors_origins,
    }
