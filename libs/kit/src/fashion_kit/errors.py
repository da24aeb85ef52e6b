"""The errors a service may answer with. A service's own trees hang below these.

ShopError                      500  the root; the class name is the problem's `type`
+-- BadRequestError            400
+-- UnauthorizedError          401
+-- ForbiddenError             403
+-- NotFoundError              404
+-- RequestTimeoutError        408  the connection is closed
+-- ConflictError              409
+-- PreconditionFailedError    412
+-- ContentTooLargeError       413
+-- UnsupportedMediaTypeError  415
+-- UnprocessableError         422
+-- PreconditionRequiredError  428
+-- TooManyRequestsError       429  with Retry-After
+-- HeadTooLargeError          431
+-- TransientError             503  passes by itself: Retry-After, or a Lambda's batch item failure
"""

from typing import Any, ClassVar


class ShopError(Exception):
    """An error that a caller is told about: one sentence, a status, and what else helps."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, **extensions: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extensions = extensions

    def headers(self) -> dict[str, str]:
        """Return the HTTP headers that belong to the answer."""
        return {}


class BadRequestError(ShopError):
    """Raised when a request cannot be read."""

    status = 400
    title = "Bad request"


class UnauthorizedError(ShopError):
    """Raised when nobody, or nobody we know, is asking."""

    status = 401
    title = "Unauthorized"

    def headers(self) -> dict[str, str]:
        """Return the challenge that RFC 6750 asks for."""
        return {"WWW-Authenticate": "Bearer"}


class ForbiddenError(ShopError):
    """Raised when the one who asks may not."""

    status = 403
    title = "Forbidden"


class NotFoundError(ShopError):
    """Raised when there is no such thing, or none that the caller may see."""

    status = 404
    title = "Not found"


class RequestTimeoutError(ShopError):
    """Raised when a body does not come in time."""

    status = 408
    title = "Request timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The body did not come within {seconds:g} s.")

    def headers(self) -> dict[str, str]:
        """Return that nothing more is read here."""
        return {"Connection": "close"}


class ConflictError(ShopError):
    """Raised when the state of things forbids the request."""

    status = 409
    title = "Conflict"


class PreconditionFailedError(ShopError):
    """Raised when the thing has changed since the caller read it."""

    status = 412
    title = "Precondition failed"


class ContentTooLargeError(ShopError):
    """Raised when a body is longer than the service reads."""

    status = 413
    title = "Content too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is longer than {limit} bytes.", limit=limit)


class UnsupportedMediaTypeError(ShopError):
    """Raised when a body is of a kind, or packed in a way, that the service does not read."""

    status = 415
    title = "Unsupported media type"


class UnprocessableError(ShopError):
    """Raised when a request is readable but its content is wrong."""

    status = 422
    title = "Unprocessable content"


class PreconditionRequiredError(ShopError):
    """Raised when a change must say which version it is meant for, and does not."""

    status = 428
    title = "Precondition required"


class TooManyRequestsError(ShopError):
    """Raised when a caller comes more often than it may."""

    status = 429
    title = "Too many requests"

    def __init__(self, retry_after_seconds: int, **extensions: Any) -> None:
        super().__init__(f"Too many requests. Try again in {retry_after_seconds} s.", **extensions)
        self.retry_after_seconds = retry_after_seconds

    def headers(self) -> dict[str, str]:
        """Return when to come back."""
        return {"Retry-After": str(self.retry_after_seconds)}


class HeadTooLargeError(ShopError):
    """Raised when address and headers of a request are longer than the service reads."""

    status = 431
    title = "Request header fields too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"Address and headers are longer than {limit} bytes.", limit=limit)


class TransientError(ShopError):
    """Raised when the same request will probably succeed a little later."""

    status = 503
    title = "Service unavailable"
    retry_after_seconds: ClassVar[int] = 1

    def headers(self) -> dict[str, str]:
        """Return when to come back."""
        return {"Retry-After": str(self.retry_after_seconds)}
