"""Rate limits in memory: each key has a quota that comes back evenly (GCRA)."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, NamedTuple

# A hair of rounding must not cost a request.
_ROUNDING: Final = 1e-6


class Verdict(NamedTuple):
    """Whether a request may pass, how many more might, and when all of them may again."""

    is_allowed: bool
    remaining: int
    reset_seconds: float
    wait_seconds: float = 0


class RateLimiter:
    """Lets each key through `quota` times at once, and that often again in every window.

    One number is kept for each key: the instant at which its quota is whole again. Of more keys
    than `entries` the longest silent are forgotten, which only ever forgives. One event loop uses
    it; there is no lock.
    """

    def __init__(self, name: str, quota: int, *, window_seconds: int = 60, entries: int) -> None:
        self.name = name
        self.policy = f'"{name}";q={quota};w={window_seconds}'
        self._window = float(window_seconds)
        self._cost = window_seconds / quota
        self._entries = entries
        self._whole_at: OrderedDict[Hashable, float] = OrderedDict()

    def take(self, key: Hashable, now: float) -> Verdict:
        """Count a request of the key at this second of a clock that never goes back."""
        missing = self._whole_at.pop(key, now) - now
        if missing < 0:
            missing = 0.0
        wait = missing + self._cost - self._window
        if wait > _ROUNDING:
            self._whole_at[key] = now + missing
            return Verdict(False, 0, missing, wait)
        missing += self._cost
        self._whole_at[key] = now + missing
        if len(self._whole_at) > self._entries:
            self._whole_at.popitem(last=False)
        return Verdict(True, int((self._window - missing) / self._cost + _ROUNDING), missing)
