"""The formats that public clickstreams come in, each told by its first line."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recommender.errors import ClickstreamUnreadableError
from recommender.evaluation import readers
from recommender.evaluation.readers import Found

_GZIP: Final = b"\x1f\x8b"
_SHOP_HEADER: Final = (
    "year;month;day;order;country;session ID;page 1 (main category);page 2 (clothing model);"
    "colour;location;model photography;price;price 2;page"
)
_TEXT_COLUMNS: Final = ("SessionId", "ItemId", "Time")


@dataclass(frozen=True)
class Format:
    """How files of one kind are known and read."""

    name: str
    begins: Callable[[str], bool]
    read: Callable[[Iterable[str], float], Found]
    is_timed: bool = True
    test_days: int | None = None
    """The last days that are the test; the last part of the sessions if None."""


def lines_of(file: Path) -> Iterator[str]:
    """Yield the lines of a file, unpacked if need be, that are not blank."""
    try:
        with file.open("rb") as raw:
            packed = raw.read(len(_GZIP)) == _GZIP
        opening = gzip.open if packed else open
        with opening(file, "rt", errors="replace") as text:
            yield from (line.rstrip("\r\n") for line in text if not line.isspace())
    except (OSError, EOFError, zlib.error) as error:
        raise ClickstreamUnreadableError(f"{file.name} cannot be read: {error}.") from error


def format_of(first_line: str) -> Format | None:
    """Return the format of a file that begins with this line, or None if it is none of ours."""
    return next((form for form in FORMATS if form.begins(first_line)), None)


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _begins_otto(line: str) -> bool:
    parsed = _json(line)
    return isinstance(parsed, dict) and {"session", "events"} <= parsed.keys()


def _begins_lake(line: str) -> bool:
    parsed = _json(line)
    return isinstance(parsed, dict) and {"event_id", "type", "event_time"} <= parsed.keys()


FORMATS: Final = (
    Format(
        "e-shop clothing CSV (UCI 553)",
        lambda line: line == _SHOP_HEADER,
        readers.read_shop,
        test_days=14,
    ),
    Format(
        "session-rec text (SessionId, ItemId, Time)",
        lambda line: set(line.split("\t")).issuperset(_TEXT_COLUMNS),
        readers.read_text,
    ),
    Format("OTTO JSON lines", _begins_otto, readers.read_otto),
    Format(
        "session JSON lines (lists of item ids)",
        lambda line: isinstance(_json(line), list),
        readers.read_lists,
        is_timed=False,
    ),
    Format("the lake's landing zone", _begins_lake, readers.read_lake),
)
