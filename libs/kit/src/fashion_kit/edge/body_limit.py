"""A body longer than the service reads is answered 413, whether or not it says how long it is."""

from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fashion_kit.errors import ContentTooLargeError
from fashion_kit.problems import problem_of, problem_response


class BodyLimitMiddleware:
    """Holds bodies to the `body_limit` of the app's state, but for operations with their own."""

    def __init__(self, app: ASGIApp, *, exempt: Collection[tuple[str, str]] = ()) -> None:
        self.app = app
        self._exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on unless its body is too long."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) in self._exempt:
            await self.app(scope, receive, send)
            return
        limit: int = scope["state"]["body_limit"]
        length = _declared_length(scope)
        if length is None:
            await self._pass_counted(limit, scope, receive, send)
        elif length > limit:
            await _refuse(limit, scope, receive, send)
        else:
            # The server reads no more than was declared.
            await self.app(scope, receive, send)

    async def _pass_counted(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise ContentTooLargeError(limit)
            return message

        is_answered = False

        async def send_unless_refused(message: Message) -> None:
            # What the service makes of its broken reading is not the answer.
            nonlocal is_answered
            if is_answered or received <= limit:
                is_answered = True
                await send(message)

        try:
            await self.app(scope, receive_counted, send_unless_refused)
        except ContentTooLargeError:
            if is_answered:
                raise
        if not is_answered and received > limit:
            await _refuse(limit, scope, receive, send)


def _declared_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


async def _refuse(limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    error = ContentTooLargeError(limit)
    await problem_response(problem_of(error), error.headers())(scope, receive, send)
