"""The body of a request as it comes: bounded, unpacked, and of a kind that holds events."""

import zlib
from typing import Final, NamedTuple

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from fashion_kit.errors import BadRequestError, ContentTooLargeError, UnsupportedMediaTypeError
from storefront.dependencies import MissingTokenError

JSON: Final = b"application/json"
# sendBeacon of a string says so.
TEXT: Final = b"text/plain"
_GZIP: Final = (b"gzip", b"x-gzip")
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_GZIP_PIECE: Final = 4 * 1024


class UnknownMediaTypeError(UnsupportedMediaTypeError):
    """Raised when a body says that it is not JSON."""

    def __init__(self) -> None:
        super().__init__("Send application/json, or JSON as text/plain.")

    def headers(self) -> dict[str, str]:
        """Return what would be read."""
        return {"Accept": f"{JSON.decode()}, {TEXT.decode()}"}


class UnknownEncodingError(UnsupportedMediaTypeError):
    """Raised when a body is packed in a way that is not read."""

    def __init__(self) -> None:
        super().__init__("Send the body as it is, or packed with gzip.")

    def headers(self) -> dict[str, str]:
        """Return what would be unpacked."""
        return {"Accept-Encoding": "gzip"}


class BrokenGzipError(BadRequestError):
    """Raised when a body is not the gzip that it says it is."""

    def __init__(self) -> None:
        super().__init__("The body is not readable as gzip.")


class Head(NamedTuple):
    """What a request's headers say of its body and its sender."""

    token: str | None
    is_packed: bool

    @classmethod
    def of(cls, scope: Scope) -> "Head":
        """Read the headers; raise if they announce what is not taken."""
        token = None
        is_packed = False
        for name, value in scope["headers"]:
            if name == b"content-type":
                if value != JSON:
                    _check_media_type(value)
            elif name == b"authorization":
                token = _bearer_token(value)
            elif name == b"content-encoding":
                is_packed = _is_gzip(value)
        return cls(token, is_packed)


async def read_body(receive: Receive, limit: int, *, is_packed: bool) -> bytes:
    """Return the unpacked body; raise ContentTooLargeError before more than the limit is kept."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        chunks = [body]
        length = len(body)
        while message.get("more_body", False):
            if length > limit:
                raise ContentTooLargeError(limit)
            message = await receive()
            chunks.append(message.get("body", b""))
            length += len(chunks[-1])
        body = b"".join(chunks)
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    if len(body) > limit:
        raise ContentTooLargeError(limit)
    return unpack(body, limit) if is_packed else body


def unpack(packed: bytes, limit: int) -> bytes:
    """Return the content of gzip; raise ContentTooLargeError as soon as it is beyond the limit."""
    content = bytearray()
    position = 0
    member = zlib.decompressobj(_GZIP_WINDOW)
    while position < len(packed):
        # In pieces: behind each member the rest is copied, and a body may be nothing but members.
        piece = packed[position : position + _GZIP_PIECE]
        try:
            content += member.decompress(piece, limit + 1 - len(content))
        except zlib.error as error:
            raise BrokenGzipError from error
        if len(content) > limit:
            raise ContentTooLargeError(limit)
        position += len(piece) - len(member.unused_data)
        if member.eof and position < len(packed):
            member = zlib.decompressobj(_GZIP_WINDOW)
    if packed and not member.eof:
        raise BrokenGzipError
    return bytes(content)


def _check_media_type(value: bytes) -> None:
    if value.partition(b";")[0].strip().lower() not in (JSON, TEXT, b""):
        raise UnknownMediaTypeError


def _is_gzip(value: bytes) -> bool:
    encoding = value.strip().lower()
    if encoding in _GZIP:
        return True
    if encoding in (b"", b"identity"):
        return False
    raise UnknownEncodingError


def _bearer_token(value: bytes) -> str:
    scheme, _, token = value.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise MissingTokenError
    return token.strip()
