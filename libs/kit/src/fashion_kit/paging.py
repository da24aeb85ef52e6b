"""Pages of a list: read in key order, continued by an opaque cursor, steady while rows come."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from fashion_kit.errors import UnprocessableError

MAX_PAGE_SIZE = 100
MAX_CURSOR_LENGTH = 128

Item = TypeVar("Item")
Row = TypeVar("Row")

PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="How many items at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=MAX_CURSOR_LENGTH, description="`next_cursor` of the page before."),
]


class InvalidCursorError(UnprocessableError):
    """Raised when a cursor is not one that we gave out."""

    def __init__(self) -> None:
        super().__init__("The cursor is not one that this list gave out.")


class Page(BaseModel, Generic[Item]):
    """One page, and the cursor of the next one; null on the last."""

    items: list[Item]
    next_cursor: str | None


def encode_cursor(key: str) -> str:
    """Return the cursor that continues after the row with this key."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, pattern: str) -> str:
    """Return the key that a cursor stands for, of the keys' pattern; raise InvalidCursorError."""
    try:
        key = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (Base64Error, ValueError) as error:
        raise InvalidCursorError from error
    # Base 64 decoding forgives strange letters; ours has one spelling for each key.
    if encode_cursor(key) != cursor or not re.fullmatch(pattern, key):
        raise InvalidCursorError
    return key


def cut_page(
    rows: Sequence[Row], size: int, *, key: Callable[[Row], str]
) -> tuple[Sequence[Row], str | None]:
    """Return the page of `size + 1` rows asked for, and the cursor if there was one row more."""
    if len(rows) <= size:
        return rows, None
    return rows[:size], encode_cursor(key(rows[size - 1]))
