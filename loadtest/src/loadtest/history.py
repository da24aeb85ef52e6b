"""A shop's past: events of sessions nobody had, as the landing zone keeps them.

From it the first model is built, before anybody has clicked. It comes from the same session model,
popularity and looks as the live shoppers, so what it teaches is true of them. Its people are those
of a live crowd of the same seed, by their numbers.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

from loadtest.clock import iso
from loadtest.habits import HABITS
from loadtest.personas import Tastes, browser_id_of, tastes_of
from loadtest.session import Session, Step, StepKind
from loadtest.shelf import Shelf, ShelfProduct
from loadtest.tracker import SCHEMA

_SESSIONS_PER_SHOPPER = 2.2
_ANONYMOUS_SHARE = 0.4
_LAG_SECONDS = (0.03, 0.4)

# How busy each hour of the day is, in the shop's UTC+05:30: asleep at night, most in the evening.
_HOURS = (3, 2, 1, 1, 1, 2, 4, 6, 8, 9, 10, 11, 12, 12, 11, 10, 10, 11, 13, 15, 16, 15, 11, 6)
_SHOP_OFFSET = timedelta(hours=5, minutes=30)

_TYPES = {
    StepKind.VIEW_LIST: "list_view",
    StepKind.SEARCH: "search",
    StepKind.VIEW_PRODUCT: "product_view",
    StepKind.ADD_TO_CART: "add_to_cart",
    StepKind.REMOVE_FROM_CART: "remove_from_cart",
    StepKind.CHECKOUT: "begin_checkout",
}

Record = dict[str, Any]


@dataclass(frozen=True)
class HistoryConfig:
    """How much past, and up to when."""

    end: datetime
    sessions: int = 5000
    days: int = 14
    seed: int = 1
    currency: str = "INR"


@dataclass(frozen=True)
class HistorySummary:
    """What was written."""

    sessions: int
    events: int
    purchases: int
    files: int


def write_history(
    products: Iterable[Mapping[str, Any]], config: HistoryConfig, folder: Path
) -> HistorySummary:
    """Write the history as gzip JSON lines into `folder`/events/dt=YYYY-MM-DD/hour=HH/."""
    shelf = Shelf(ShelfProduct.from_row(row) for row in products)
    records = sorted(draw_history(shelf, config), key=lambda record: record["received_at"])
    files = 0
    for hour, of_hour in groupby(records, key=lambda record: record["received_at"][:13]):
        day, hour_of_day = hour.split("T")
        path = folder / f"events/dt={day}/hour={hour_of_day}/history-{config.seed}-{hour}.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in of_hour)
        path.write_bytes(gzip.compress(lines.encode(), compresslevel=5, mtime=0))
        files += 1
    purchases = {record["purchase_id"] for record in records if "purchase_id" in record}
    return HistorySummary(config.sessions, len(records), len(purchases), files)


def draw_history(shelf: Shelf, config: HistoryConfig) -> Iterator[Record]:
    """Yield the records of all sessions, session by session; none is at or after the end."""
    shoppers = max(int(config.sessions / _SESSIONS_PER_SHOPPER), 1)
    for number in range(config.sessions):
        rng = Random(f"session {config.seed} {number}")
        shopper = _Shopper.drawn(config.seed, rng.randrange(shoppers), shelf, rng)
        author = _Author(shopper, shelf, rng, config)
        yield from author.write(_draw_start(rng, config))


@dataclass(frozen=True)
class _Shopper:
    """A person of the live crowd, on an earlier day: the same tastes and the same browser.

    Accounts have ids of the past's own, because the shop gives an account its id when it is opened.
    """

    tastes: Tastes
    owner: Mapping[str, str]

    @classmethod
    def drawn(cls, seed: int, number: int, shelf: Shelf, rng: Random) -> "_Shopper":
        """Return the person with this number, logged in on this visit or not."""
        if rng.random() < _ANONYMOUS_SHARE:
            owner = {"anonymous_id": browser_id_of(seed, number)}
        else:
            owner = {"user_id": _draw_id(Random(f"account {seed} {number}"))}
        return cls(tastes_of(seed, number, shelf.market), owner)

    @property
    def is_anonymous(self) -> bool:
        return "anonymous_id" in self.owner


class _Author:
    """Writes one session of one shopper of the past."""

    def __init__(self, shopper: _Shopper, shelf: Shelf, rng: Random, config: HistoryConfig) -> None:
        self._owner = shopper.owner
        self._session_id = _draw_id(rng)
        self._session = Session(
            shopper.tastes, shelf, rng, habits=HABITS, may_buy=not shopper.is_anonymous
        )
        self._rng = rng
        self._config = config
        self._cart: dict[int, Step] = {}

    def write(self, start: datetime) -> Iterator[Record]:
        now = start
        for step in self._session.steps():
            now += timedelta(seconds=step.think_seconds)
            if now + timedelta(seconds=_LAG_SECONDS[1]) >= self._config.end:
                return
            yield from self._records(step, now)

    def _records(self, step: Step, now: datetime) -> Iterator[Record]:
        if step.kind is StepKind.ADD_TO_CART:
            self._cart[step.product_id] = step
        elif step.kind is StepKind.REMOVE_FROM_CART:
            self._cart.pop(step.product_id, None)
        if step.kind is StepKind.BUY:
            yield from self._purchase(now)
        elif step.kind in _TYPES:
            yield self._record(_TYPES[step.kind], now, **self._details(step))

    def _details(self, step: Step) -> Record:
        if step.product is None:
            return {} if step.query is None else {"query": step.query}
        details = {"product_id": step.product_id, **self._money(step.product)}
        if step.kind is not StepKind.VIEW_PRODUCT:
            details["quantity"] = step.quantity
        return details

    def _purchase(self, now: datetime) -> Iterator[Record]:
        purchase_id = _draw_id(self._rng)
        for product_id, step in self._cart.items():
            yield self._record(
                "purchase",
                now,
                product_id=product_id,
                quantity=step.quantity,
                purchase_id=purchase_id,
                **({} if step.product is None else self._money(step.product)),
            )

    def _money(self, product: ShelfProduct) -> Record:
        return {"price": str(product.price), "currency": self._config.currency}

    def _record(self, kind: str, now: datetime, **details: Any) -> Record:
        lag = timedelta(seconds=self._rng.uniform(*_LAG_SECONDS))
        return {
            "event_id": _draw_id(self._rng),
            "schema": SCHEMA,
            "type": kind,
            **self._owner,
            "session_id": self._session_id,
            **details,
            "event_time": iso(now),
            "received_at": iso(now + lag),
        }


def _draw_start(rng: Random, config: HistoryConfig) -> datetime:
    """Draw a beginning within the days before the end, in busy hours more often."""
    while True:
        start = config.end - timedelta(days=config.days * rng.random())
        if rng.random() * max(_HOURS) < _HOURS[(start.astimezone(UTC) + _SHOP_OFFSET).hour]:
            return start


def _draw_id(rng: Random) -> str:
    """Return a seeded id: the same history has the same ids."""
    return f"{rng.getrandbits(128):032x}"
