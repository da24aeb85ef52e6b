"""What the lines of a public clickstream tell, format by format."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from fashion_contracts.events import EventType
from recommender.evaluation.schemas import Attributes

_BROKEN: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError)
"""What a line raises that is not what it should be."""


@dataclass
class Found:
    """What files hold: sessions in the files' own product ids, each with when it began."""

    sessions: list[tuple[float, list[str]]] = field(default_factory=list)
    pairs: list[tuple[list[str], str]] = field(default_factory=list)
    attributes: dict[str, Attributes] = field(default_factory=dict)
    skipped_lines: int = 0


def _each(lines: Iterable[str], found: Found, take: Callable[[Any], None], parse: Any) -> None:
    """Take every line that can be parsed; count the others."""
    for line in lines:
        try:
            take(parse(line))
        except _BROKEN:
            found.skipped_lines += 1


def read_shop(lines: Iterable[str], _gap: float) -> Found:
    """Return the clicks of the clothing shop of UCI 553. It tells days and order, no times."""
    found = Found()
    clicks: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
    looks: dict[str, Counter[Attributes]] = defaultdict(Counter)
    columns: list[str] = []

    def take(row: Sequence[str]) -> None:
        if not columns or row == columns:
            columns[:] = row
            return
        click = dict(zip(columns, row, strict=True))
        day = datetime(int(click["year"]), int(click["month"]), int(click["day"]), tzinfo=UTC)
        product, look = click["page 2 (clothing model)"], _look(click)
        clicks[click["session ID"]].append((day.timestamp(), int(click["order"]), product))
        looks[product][look] += 1

    _each(lines, found, take, lambda line: line.split(";"))
    for session in clicks.values():
        session.sort()
        found.sessions.append((session[0][0], [product for *_, product in session]))
    found.attributes = {product: seen.most_common(1)[0][0] for product, seen in looks.items()}
    return found


def _look(click: dict[str, str]) -> Attributes:
    """Return the shop's own attributes in the places of ours: page for the kind of article."""
    category = click["page 1 (main category)"]
    return Attributes(
        gender=click["model photography"],
        master_category=category,
        sub_category=category,
        article_type=click["page"],
        base_colour=click["colour"],
        usage=click["location"],
        price=Decimal(int(click["price"])),
    )


def read_text(lines: Iterable[str], _gap: float) -> Found:
    """Return the clicks of tab-separated text as session-rec prepares it."""
    found = Found()
    clicks: dict[str, list[tuple[float, str]]] = defaultdict(list)
    columns: list[str] = []

    def take(row: Sequence[str]) -> None:
        if not columns or row == columns:
            columns[:] = row
            return
        click = dict(zip(columns, row, strict=True))
        at, product = float(click["Time"]), click["ItemId"]
        datetime.fromtimestamp(at, UTC)
        clicks[click["SessionId"]].append((at, product))

    _each(lines, found, take, lambda line: line.split("\t"))
    for session in clicks.values():
        session.sort(key=lambda click: click[0])
        found.sessions.append((session[0][0], [product for _, product in session]))
    return found


def read_otto(lines: Iterable[str], _gap: float) -> Found:
    """Return OTTO's sessions, one a line: their clicks, which is what is predicted here."""
    found = Found()

    def take(line: Any) -> None:
        clicks = [
            (float(event["ts"]), str(event["aid"]))
            for event in line["events"]
            if event["type"] == "clicks"
        ]
        if clicks:
            clicks.sort(key=lambda click: click[0])
            began = clicks[0][0] / 1000
            datetime.fromtimestamp(began, UTC)
            found.sessions.append((began, [product for _, product in clicks]))

    _each(lines, found, take, json.loads)
    return found


def read_lists(lines: Iterable[str], _gap: float) -> Found:
    """Return bare lists of products, and test pairs of what was seen and what came next."""
    found = Found()

    def take(line: Any) -> None:
        if _is_pair(line):
            seen, target = line
            found.pairs.append((_ids(seen), _ids([target])[0]))
        else:
            found.sessions.append((60.0 * len(found.sessions), _ids(line)))

    _each(lines, found, take, json.loads)
    return found


def _ids(line: Any) -> list[str]:
    if not line or not isinstance(line, list):
        raise ValueError
    if not all(isinstance(product, str | int) for product in line):
        raise TypeError
    return [str(product) for product in line]


def _is_pair(line: Any) -> bool:
    return isinstance(line, list) and len(line) == 2 and isinstance(line[0], list)


_LOOKS: Final = {EventType.PRODUCT_VIEW, EventType.LIST_CLICK}


def read_lake(lines: Iterable[str], gap: float) -> Found:
    """Return the visits in our landing zone; what is looked at again at once is one step."""
    found = Found()
    looks: dict[str, dict[str, tuple[float, str, str]]] = defaultdict(dict)

    def take(event: Any) -> None:
        shopper = event.get("user_id") or event.get("anonymous_id")
        if event["type"] in _LOOKS and event.get("product_id") is not None and shopper:
            at = min(_instant(event["event_time"]), _instant(event["received_at"]))
            event_id = str(event["event_id"])
            looks[str(shopper)][event_id] = (at, event_id, str(event["product_id"]))

    _each(lines, found, take, json.loads)
    for by_event in looks.values():
        found.sessions.extend(_visits(sorted(by_event.values()), gap))
    return found


def _visits(
    looks: Sequence[tuple[float, str, str]], gap: float
) -> Iterator[tuple[float, list[str]]]:
    began, _, first = looks[0]
    products = [first]
    for (before, _, last), (at, _, product) in pairwise(looks):
        if at - before > gap:
            yield began, products
            began, products = at, [product]
        elif product != last:
            products.append(product)
    yield began, products


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
