"""A path with a slash at its end is the path without it."""

from starlette.types import ASGIApp, Receive, Scope, Send


class TrailingSlashMiddleware:
    """Takes the slash away, outside of all that goes by the path.

    Starlette would send the client on, to an address with the host that the request named: anybody
    could have it lead elsewhere, and a shared cache would keep that for everybody.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http" and scope["path"].endswith("/") and scope["path"] != "/":
            scope["path"] = scope["path"].rstrip("/") or "/"
        await self.app(scope, receive, send)
