"""The rejected events, shown to those who look after the website."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Final, NamedTuple

from fashion_kit.paging import Page, cut_page, decode_cursor
from storefront.events.repository import BadEventRepository, hour_folder
from storefront.events.schemas import BadEvent

HOURS: Final = tuple(range(24))
_CURSOR: Final = r"(?a)(\d\d)/(\w{1,60}\.jsonl):(\d{1,4})"


class _Place(NamedTuple):
    """Where one rejected event lies."""

    hour: int
    name: str
    line: int

    def __str__(self) -> str:
        return f"{self.hour:02}/{self.name}:{self.line}"

    @classmethod
    def of_cursor(cls, cursor: str) -> "_Place":
        found = re.fullmatch(_CURSOR, decode_cursor(cursor, pattern=_CURSOR))
        assert found is not None  # noqa: S101 - decoding has checked it
        return cls(int(found[1]), found[2], int(found[3]))


class BadEventArchive:
    """Pages of the rejected events of a day."""

    def __init__(self, bad_events: BadEventRepository) -> None:
        self._bad_events = bad_events

    def page(self, day: date, hour: int | None, cursor: str | None, limit: int) -> Page[BadEvent]:
        """Return a page, the newest hour first; it reads no more than the page needs."""
        hours = HOURS if hour is None else (hour,)
        after = None if cursor is None else _Place.of_cursor(cursor)
        found = list(islice(self._events(day, hours, after, limit), limit + 1))
        page, next_cursor = cut_page(found, limit, key=lambda row: str(row[0]))
        return Page(items=[event for _, event in page], next_cursor=next_cursor)

    def _events(
        self, day: date, hours: tuple[int, ...], after: _Place | None, limit: int
    ) -> Iterator[tuple[_Place, BadEvent]]:
        for hour in reversed(hours):
            if after is not None and hour > after.hour:
                continue
            folder = hour_folder(day, hour)
            start_at = folder + after.name if after is not None and after.hour == hour else ""
            for found in self._bad_events.objects(
                day, hour, start_at=start_at, page_size=limit + 1
            ):
                for line, event in found.events.items():
                    place = _Place(hour, found.key.removeprefix(folder), line)
                    if found.key != start_at or after is None or line > after.line:
                        yield place, event
