"""A crash is answered here, inside the other middleware, so that its answer has their headers."""

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fashion_kit.problems import answer_crash


class CrashMiddleware:
    """Answers 500 where the app crashed. Starlette's own handler stands outside of everything."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; nothing can be answered any more once an answer has begun."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except ClientDisconnect:
            return
        except Exception as error:
            if has_begun:
                raise
            response = await answer_crash(Request(scope), error)
            await response(scope, receive, send)
