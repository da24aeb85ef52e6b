"""Small clickstreams in each of the formats that are known."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from fashion_contracts.events import EventType, Interaction

SHOP_HEADER = (
    "year;month;day;order;country;session ID;page 1 (main category);page 2 (clothing model);"
    "colour;location;model photography;price;price 2;page"
)
FIRST_DAY = datetime(2008, 4, 1, tzinfo=UTC)

Walks = list[list[int]]


@pytest.fixture
def walks() -> Walks:
    """Return 300 sessions that each walk along a shelf of 60 products, in time order."""
    random = Random(3)
    firsts = [random.randrange(55) for _ in range(300)]
    return [list(range(first, first + 5)) for first in firsts]


@pytest.fixture
def shop_file(tmp_path: Path, walks: Walks) -> Path:
    """Return the clothing shop's CSV: ten sessions a day, products named by letters."""
    lines = [SHOP_HEADER]
    for session, products in enumerate(walks):
        day = FIRST_DAY + timedelta(days=session // 5)
        for order, product in enumerate(products, start=1):
            when = f"{day.year};{day.month};{day.day};{order};29;{session}"
            look = f"{product % 14};{product % 6};{product % 2};{20 + product};1;{product % 5}"
            lines.append(f"{when};{product % 4};A{product};{look}")
    return written(tmp_path / "clothing 2008.csv", lines)


@pytest.fixture
def text_folder(tmp_path: Path, walks: Walks) -> Path:
    """Return a session-rec folder, gzipped, with what must not be read beside it."""
    folder = tmp_path / "rsc15"
    folder.mkdir()
    parts = {"train_full": walks[:250], "train_tr": walks[:200], "test": walks[250:]}
    for part, sessions in parts.items():
        lines = ["SessionId\tItemId\tTime"]
        for number, products in enumerate(sessions):
            began = FIRST_DAY.timestamp() + 3600 * number
            lines += [f"{number}\t{item}\t{began + item}" for item in products]
        packed(folder / f"clicks_{part}.txt.gz", lines)
    (folder / "SOURCE.txt").write_text("Where it is from.\n")
    return folder


@pytest.fixture
def otto_file(tmp_path: Path, walks: Walks) -> Path:
    """Return OTTO's lines; each session also puts its last product into the cart."""
    lines = []
    for number, products in enumerate(walks):
        began = int(FIRST_DAY.timestamp() + 3600 * number) * 1000
        events = [
            {"aid": item, "ts": began + 1000 * place, "type": "clicks"}
            for place, item in enumerate(products)
        ]
        events.append({"aid": products[-1], "ts": began + 9000, "type": "carts"})
        lines.append(json.dumps({"session": number, "events": events}))
    return written(tmp_path / "otto.jsonl", lines)


@pytest.fixture
def lists_folder(tmp_path: Path, walks: Walks) -> Path:
    """Return lists of products with a file of test pairs."""
    folder = tmp_path / "diginetica"
    folder.mkdir()
    packed(folder / "train.jsonl", [json.dumps(products) for products in walks[:250]])
    pairs = [[products[:3], products[3]] for products in walks[250:]]
    written(folder / "test.jsonl", [json.dumps(pair) for pair in pairs])
    return folder


@pytest.fixture
def lake_folder(tmp_path: Path, walks: Walks, event: Callable[..., Interaction]) -> Path:
    """Return a landing zone: one delivery is there twice, products are looked at twice."""
    folder = tmp_path / "landing"
    lines = []
    for number, products in enumerate(walks):
        at = FIRST_DAY + timedelta(hours=number)
        shopper = f"visitor-{number % 7}"
        for product in (products[0], *products):
            lines.append(event(product + 1, shopper=shopper, at=at).to_record().decode().strip())
            at += timedelta(minutes=1)
        cart = event(products[0] + 1, EventType.ADD_TO_CART, shopper=shopper, at=at)
        lines.append(cart.to_record().decode().strip())
    hours = [folder / f"events/dt=2008-04-01/hour={hour}" for hour in ("00", "01")]
    for hour, delivered in zip(hours, (lines, lines[:100]), strict=True):
        hour.mkdir(parents=True)
        packed(hour / "stream.gz", delivered)
    return folder


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def packed(path: Path, lines: list[str]) -> Path:
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return path
