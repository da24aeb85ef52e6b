"""Ids that sort by time and that two servers never make twice."""

from collections.abc import Callable

from ulid import ULID

IdFactory = Callable[[], str]


def new_id() -> str:
    """Return a new ULID: 26 characters, sortable by the millisecond it was made in."""
    return str(ULID())
