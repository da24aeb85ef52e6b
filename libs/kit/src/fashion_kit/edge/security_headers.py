"""Headers that keep a browser from doing with an answer what it is not meant for."""

from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Header = tuple[bytes, bytes]

_ALWAYS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"cross-origin-resource-policy", b"same-site"),
)
# An answer of an API is nothing to show, run or frame.
_DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
_DOCS_CDN: Final = "https://cdn.jsdelivr.net"
_DOCS_POLICY: Final = (
    f"default-src 'none'; script-src 'unsafe-inline' {_DOCS_CDN}; "
    f"style-src 'unsafe-inline' {_DOCS_CDN} https://fonts.googleapis.com; "
    "font-src https://fonts.gstatic.com; img-src 'self' data: https:; connect-src 'self'; "
    "worker-src blob:; frame-ancestors 'none'"
)
DOCS_POLICIES: Final = dict.fromkeys(("/docs", "/docs/oauth2-redirect", "/redoc"), _DOCS_POLICY)
"""What FastAPI's own pages need: they take their scripts from elsewhere."""
NO_STORE: Final[Header] = (b"cache-control", b"no-store")
"""What an answer to a bearer has besides."""


def _with_policy(policy: str) -> tuple[Header, ...]:
    return (*_ALWAYS, (b"content-security-policy", policy.encode()))


DATA_HEADERS: Final = _with_policy(_DATA_POLICY)
"""What an answer has that is no page, and no answer to a bearer."""


class SecurityHeadersMiddleware:
    """Adds the headers to every answer, but none that the answer has already.

    An answer to a bearer is for nobody else, so no cache may keep it unless it says so itself.
    """

    def __init__(self, app: ASGIApp, *, page_policies: Mapping[str, str] | None = None) -> None:
        """Take the Content-Security-Policy of each path that is a page and not data."""
        self.app = app
        self._pages = {path: _with_policy(policy) for path, policy in (page_policies or {}).items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add to the answer's headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        added = self._pages.get(scope["path"], DATA_HEADERS)
        if b"authorization" in dict(scope["headers"]):
            added = (*added, NO_STORE)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message.get("headers", ())
                present = dict(own)
                new = [header for header in added if header[0] not in present]
                message["headers"] = [*own, *new]
            await send(message)

        await self.app(scope, receive, send_with_headers)
