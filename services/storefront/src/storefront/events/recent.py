"""The events of the last minutes, for who develops a website against this intake."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json

from storefront.events.schemas import BadEvent, EventCounts
from storefront.stream import StreamRecord


class RecentEvents:
    """Remembers the last good and the last bad events of this process."""

    def __init__(self, limit: int) -> None:
        self._good: deque[bytes] = deque(maxlen=limit)
        self._bad: deque[BadEvent] = deque(maxlen=limit)
        self._counts = EventCounts(total=0, good=0, bad=0)

    def note(self, records: Sequence[StreamRecord], rejected: Sequence[BadEvent]) -> None:
        """Remember what was judged."""
        self._good.extend(record.data for record in records)
        self._bad.extend(rejected)
        good = self._counts.good + len(records)
        bad = self._counts.bad + len(rejected)
        self._counts = EventCounts(total=good + bad, good=good, bad=bad)

    def counts(self) -> EventCounts:
        """Return how many there were, the forgotten ones included."""
        return self._counts

    def good(self) -> list[Any]:
        """Return the last accepted events as they went to the stream, newest first."""
        return [from_json(record) for record in reversed(self._good)]

    def bad(self) -> list[BadEvent]:
        """Return the last rejected events, newest first."""
        return list(reversed(self._bad))

    def reset(self) -> None:
        """Forget them."""
        self._good.clear()
        self._bad.clear()
        self._counts = EventCounts(total=0, good=0, bad=0)
