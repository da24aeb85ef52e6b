"""A body that is too long is answered 413, one that does not come in time 408.

uvicorn of itself waits for the rest of a body for ever.
"""

import asyncio
from collections.abc import Collection
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fashion_kit.errors import ContentTooLargeError, RequestTimeoutError, ShopError
from fashion_kit.problems import problem_of, problem_response

_NONE: Final = 0


class BodyLimitMiddleware:
    """Holds bodies to the `body_limit` and the `body_timeout` (seconds) of the app's state.

    Operations with a limit of their own are exempt from the first, never from the second.
    """

    def __init__(self, app: ASGIApp, *, exempt: Collection[tuple[str, str]] = ()) -> None:
        self.app = app
        self._exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on unless its body is too long or too slow."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = _declared_length(scope)
        if length == _NONE:
            await self.app(scope, receive, send)
            return
        is_exempt = (scope["method"], scope["path"]) in self._exempt
        limit: int | None = None if is_exempt else scope["state"]["body_limit"]
        if limit is not None and length is not None and length > limit:
            await _refuse(ContentTooLargeError(limit), scope, receive, send)
        else:
            await self._pass_watched(limit, scope, receive, send)

    async def _pass_watched(
        self, limit: int | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        reading = _Reading(receive, limit, scope["state"]["body_timeout"])
        is_answered = False

        async def send_unless_refused(message: Message) -> None:
            # What the service makes of its broken reading is not the answer.
            nonlocal is_answered
            if is_answered or reading.failure is None:
                is_answered = True
                await send(message)

        try:
            await self.app(scope, reading.receive, send_unless_refused)
        except (ContentTooLargeError, RequestTimeoutError):
            if is_answered or reading.failure is None:
                raise
        if not is_answered and reading.failure is not None:
            await _refuse(reading.failure, scope, receive, send)


class _Reading:
    """The reading of one body, and why it was broken off."""

    __slots__ = ("_deadline", "_is_whole", "_limit", "_receive", "_received", "_timeout", "failure")

    def __init__(self, receive: Receive, limit: int | None, timeout: float) -> None:
        self._receive = receive
        self._limit = limit
        self._timeout = timeout
        self._deadline = asyncio.get_running_loop().time() + timeout
        self._received = 0
        self._is_whole = False
        self.failure: ShopError | None = None

    async def receive(self) -> Message:
        """Return the next message; raise ShopError if the body has become too long or too late."""
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self.failure = RequestTimeoutError(self._timeout)
            raise self.failure from None
        self._is_whole = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._limit is not None and self._received > self._limit:
            self.failure = ContentTooLargeError(self._limit)
            raise self.failure
        return message


def _declared_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


async def _refuse(error: ShopError, scope: Scope, receive: Receive, send: Send) -> None:
    await problem_response(problem_of(error), error.headers())(scope, receive, send)
