"""uvicorn's protocol, with bounds on what no app sees: a request's head, and an answer's leaving.

Of itself uvicorn waits for a head for ever, keeps all of it, however long it grows, and waits for
ever for an answer to be read. Run as `uvicorn --http fashion_kit.edge.protocol:BoundedHttpProtocol
--ws none`; the bounds are the `head_limit` (bytes), the `head_timeout` and the `answer_timeout`
(seconds) of the app's state.
"""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from fashion_kit.edge.security_headers import DATA_HEADERS
from fashion_kit.errors import BadRequestError, HeadTooLargeError, ShopError
from fashion_kit.problems import MEDIA_TYPE, problem_of

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

_CLOSE: Final = ((b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close"))


class UnreadableRequestError(BadRequestError):
    """Raised when what comes is not HTTP."""

    def __init__(self) -> None:
        super().__init__("The request is not readable as HTTP.")


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose next head does not come in time, and refuses one that is too long.

    What counts is all that is not body: request line, headers, the framing of chunks, trailers. An
    answer that is not read in time is given up with its connection.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limit: int = self.app_state["head_limit"]
        self._timeout: float = self.app_state["head_timeout"]
        self._answer_timeout: float = self.app_state["answer_timeout"]
        self._received = 0
        self._is_body_due = False
        self._deadline: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None
        self._at_work: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._await_head(self._timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        self._leave_open()
        # uvicorn tells the last request that came; of several that is not the one at work.
        if self._at_work is not None:
            self._at_work.disconnected = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, but not beyond the limit."""
        self._received += len(data)
        super().data_received(data)
        if self._received > self._limit and not self.transport.is_closing():
            self._refuse(HeadTooLargeError(self._limit))

    def on_headers_complete(self) -> None:
        """Pass the request on if its head is not too long; one piece may hold a whole head."""
        self._stop_waiting()
        fields = sum([len(name) + len(value) for name, value in self.headers])
        if len(self.url) + fields > self._limit:
            # The parser gives up for any exception, and `send_400_response` is called.
            raise HeadTooLargeError(self._limit)
        self._is_body_due = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Leave the body to the app, which has limits of its own."""
        self._received -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Begin to count anew: what follows is the next request's."""
        self._received = 0
        self._is_body_due = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next head, past what is left of a body that the app did not read."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._end_soon()
        elif self.timeout_keep_alive_task is not None:
            self._await_head(self.timeout_keep_alive + self._timeout)

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self._end_soon()

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._leave_open()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, on which nothing came."""
        super().timeout_keep_alive_handler()
        self._end_soon()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
        """Answer a request that cannot be read, or whose head is too long."""
        fields = sum([len(name) + len(value) for name, value in self.headers or ()])
        is_too_long = max(self._received, fields + len(getattr(self, "url", b""))) > self._limit
        self._refuse(HeadTooLargeError(self._limit) if is_too_long else UnreadableRequestError())

    def _await_head(self, seconds: float) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        self._at_work = cycle
        super()._start_asgi_task(cycle, app)

    def _end_soon(self) -> None:
        # Closing waits until all is sent, which is for the client to say.
        if self._end is None:
            self._end = self.loop.call_later(self._answer_timeout, self.transport.abort)

    def _leave_open(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, error: ShopError) -> None:
        # In the middle of a body an answer is due from the app, or was given by it.
        if not self._is_body_due and (self.cycle is None or self.cycle.response_complete):
            body = problem_of(error).model_dump_json().encode()
            fields = (*DATA_HEADERS, *_CLOSE, (b"content-length", b"%d" % len(body)))
            lines = [b"%b: %b\r\n" % field for field in fields]
            self.transport.write(b"".join([STATUS_LINE[error.status], *lines, b"\r\n", body]))
        self.transport.close()
        self._end_soon()
