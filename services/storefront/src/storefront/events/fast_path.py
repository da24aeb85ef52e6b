"""The short way to POST /events: the endpoint itself, past FastAPI's routing and dependencies.

They cost several times what the endpoint does. The route stays where it is: it documents the
endpoint, and serves whoever comes by another spelling of the path.
"""

from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from fashion_kit.errors import ShopError
from fashion_kit.problems import problem_of, problem_response
from storefront.events.endpoints import answer_events, router

_ROUTE: Final = router.routes[0]
_CONTENT_TYPE: Final = (b"content-type", b"application/json")


class EventsFastPath:
    """Answers POST /events and passes every other request on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request if it brings events."""
        if scope["type"] != "http" or scope["path"] != "/events" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        try:
            receipt = await answer_events(scope, receive)
        except ShopError as error:
            response = problem_response(problem_of(error), error.headers())
            await response(scope, receive, send)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        else:
            await send(
                {
                    "type": "http.response.start",
                    "status": HTTPStatus.ACCEPTED,
                    "headers": [_CONTENT_TYPE, (b"content-length", b"%d" % len(receipt))],
                }
            )
            await send({"type": "http.response.body", "body": receipt})
