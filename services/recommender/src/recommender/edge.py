"""What every request passes first: body limit, security headers, CORS, the net below crashes."""

from typing import Any, Final

from fastapi import FastAPI

from fashion_kit.edge.body_limit import BodyLimitMiddleware
from fashion_kit.edge.cors import CorsMiddleware
from fashion_kit.edge.crashes import CrashMiddleware
from fashion_kit.edge.security_headers import SecurityHeadersMiddleware
from fashion_kit.problems import document_problems
from recommender.settings import ApiSettings

REQUEST_HEADERS: Final = ("Authorization", "If-None-Match")
RESPONSE_HEADERS: Final = ("ETag", "Retry-After")

_DOCS_CDN: Final = "https://cdn.jsdelivr.net"
_DOCS_POLICY: Final = (
    f"default-src 'none'; script-src 'unsafe-inline' {_DOCS_CDN}; "
    f"style-src 'unsafe-inline' {_DOCS_CDN} https://fonts.googleapis.com; "
    "font-src https://fonts.gstatic.com; img-src 'self' data: https:; connect-src 'self'; "
    "worker-src blob:; frame-ancestors 'none'"
)
PAGE_POLICIES: Final = dict.fromkeys(("/docs", "/docs/oauth2-redirect", "/redoc"), _DOCS_POLICY)


def install_edge(app: FastAPI) -> None:
    """Put the middleware around the app; what is added last is passed first."""
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(CrashMiddleware)
    app.add_middleware(
        CorsMiddleware, allow_headers=REQUEST_HEADERS, expose_headers=RESPONSE_HEADERS
    )
    app.add_middleware(SecurityHeadersMiddleware, page_policies=PAGE_POLICIES)
    document_problems(app, 400, 413)


def open_edge(settings: ApiSettings) -> dict[str, Any]:
    """Return the parts of the app's state that the middleware reads."""
    return {"body_limit": settings.request_body_limit_bytes, "cors_origins": settings.cors_origins}
