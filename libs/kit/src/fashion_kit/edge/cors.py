"""CORS: which websites may call the API from a browser."""

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class CorsMiddleware:
    """Starlette's, with the `cors_origins` of the app's state: they are known when it has started.

    A bearer token is no cookie, so credentials are not allowed; nor is anybody if there are none.
    """

    def __init__(
        self, app: ASGIApp, *, allow_headers: Sequence[str], expose_headers: Sequence[str]
    ) -> None:
        self.app = app
        self._allow_headers = allow_headers
        self._expose_headers = expose_headers
        self._inner: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self._inner is None:
            self._inner = self._built(scope["state"]["cors_origins"])
        await self._inner(scope, receive, send)

    def _built(self, origins: Sequence[str]) -> ASGIApp:
        if not origins:
            return self.app
        return CORSMiddleware(
            self.app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=self._allow_headers,
            expose_headers=self._expose_headers,
        )
