"""A value in memory that is read anew from time to time; when that fails, the last one stays."""

from collections.abc import Callable
from datetime import timedelta
from math import inf
from time import monotonic
from typing import Generic, TypeVar

from fashion_kit.clock import Timer
from fashion_kit.errors import ShopError
from fashion_kit.logs import get_logger

T = TypeVar("T")

log = get_logger(__name__)


class Refreshing(Generic[T]):
    """Holds a value and knows when to look for a newer one.

    `load` gets the value at hand, so that it can return it if nothing has changed.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[T], T],
        first: T,
        *,
        every: timedelta,
        timer: Timer = monotonic,
    ) -> None:
        self.name = name
        self.every = every
        self.value = first
        self._load = load
        self._timer = timer
        self._looked_at = -inf

    def refresh_if_due(self) -> None:
        """Look for a newer value unless that was done a moment ago."""
        if self._timer() - self._looked_at >= self.every.total_seconds():
            self.refresh()

    def refresh(self) -> None:
        """Look for a newer value now; keep the one at hand if that fails."""
        self._looked_at = self._timer()
        try:
            self.value = self._load(self.value)
        except ShopError as error:
            log.warning("refresh_failed", value=self.name, error=type(error).__name__)
