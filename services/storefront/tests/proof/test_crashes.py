"""The API and the database are killed at random points: what was acknowledged is there, once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from threading import Condition, Event
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import StreamReader
from services.storefront.tests.proof.conftest import Buyer, KillableShop
from sqlalchemy import Connection, text

from fashion_kit import aws as kit_aws
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from infra.local.database import Database
from storefront.database import open_engine, sessions_of
from storefront.outbox.relay import Relay
from storefront.settings import RelaySettings
from storefront.stream import StreamPublisher

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

BUYERS = 8
PURCHASES_EACH = 25
EVENTS_EACH = 5
PRODUCTS = 5
STOCK = 1_000
KILLS_OF_THE_API = 6
DATABASE_DIES_AT = 90
SEED = 20_261_124
PATIENCE_SECONDS = 120


@dataclass
class Diary:
    """What the shop said yes to, and how often; whoever waits for a number is told."""

    purchases: dict[str, str] = field(default_factory=dict)
    """The purchase that each key was told of."""
    events: set[str] = field(default_factory=set)
    changed: Condition = field(default_factory=Condition)

    def note_purchase(self, key: str, purchase_id: str) -> None:
        with self.changed:
            self.purchases[key] = purchase_id
            self.changed.notify_all()

    def note_events(self, event_ids: set[str]) -> None:
        with self.changed:
            self.events |= event_ids

    def wait_for(self, purchases: int) -> None:
        with self.changed:
            arrived = self.changed.wait_for(
                lambda: len(self.purchases) >= purchases, PATIENCE_SECONDS
            )
        assert arrived, f"only {len(self.purchases)} purchases were answered"


@dataclass
class Visitor:
    """Buys and clicks, and asks for the same again until there is an answer."""

    buyer: Buyer
    url: str
    diary: Diary
    random: Random

    def visit(self) -> None:
        with httpx.Client(base_url=self.url, headers=self.buyer.bearer, timeout=30) as client:
            for _ in range(PURCHASES_EACH):
                self._buy(client)
                self._click(client)

    def _buy(self, client: httpx.Client) -> None:
        key = new_id()
        line = {"product_id": self.random.randint(1, PRODUCTS), "quantity": 1}
        answer = _insist(
            lambda: client.post(
                "/purchases", json={"lines": [line]}, headers={"Idempotency-Key": key}
            ),
            201,
        )
        self.diary.note_purchase(key, answer.json()["id"])

    def _click(self, client: httpx.Client) -> None:
        events = [_view(self.random.randint(1, PRODUCTS)) for _ in range(EVENTS_EACH)]
        answer = _insist(lambda: client.post("/events", json={"events": events}), 202)
        assert answer.json()["accepted"] == EVENTS_EACH
        self.diary.note_events({event["event_id"] for event in events})


def _view(product_id: int) -> dict[str, Any]:
    return {
        "event_id": new_id(),
        "type": "product_view",
        "session_id": "s-1",
        "product_id": product_id,
        "event_time": utc_now().isoformat(),
    }


def _insist(ask: Callable[[], httpx.Response], status: int) -> httpx.Response:
    """Ask until there is that answer; nobody listening, a busy shop and a crash all pass."""
    while True:
        try:
            answer = ask()
        except httpx.TransportError:
            Event().wait(0.05)
            continue
        if answer.status_code == status:
            return answer
        assert answer.status_code in (409, 503), answer.text


def test_what_was_acknowledged_is_there_once_whatever_was_killed(
    killable_shop: KillableShop, own_database: Database, stream: StreamReader
) -> None:
    killable_shop.open(1)
    for number in range(1, PRODUCTS + 1):
        killable_shop.make_product(number, STOCK)
    diary = Diary()
    visitors = [
        Visitor(buyer, killable_shop.urls[0], diary, Random(SEED + number))
        for number, buyer in enumerate(killable_shop.make_buyers(BUYERS))
    ]
    with ThreadPoolExecutor(BUYERS) as pool:
        visits = [pool.submit(visitor.visit) for visitor in visitors]
        _kill_now_and_then(killable_shop, own_database, diary)
        for visit in visits:
            visit.result(PATIENCE_SECONDS)
    with killable_shop.books() as books, books.connect() as connection:
        _check_books(connection, diary)
    _check_stream(killable_shop, diary, stream)


def _kill_now_and_then(shop: KillableShop, database: Database, diary: Diary) -> None:
    total = BUYERS * PURCHASES_EACH
    points = sorted(Random(SEED).sample(range(5, total - 5), KILLS_OF_THE_API))
    for point in sorted([*points, DATABASE_DIES_AT]):
        diary.wait_for(point)
        if point == DATABASE_DIES_AT:
            database.kill()
            database.start()
        else:
            shop.servers[0].kill()
            shop.start(0)


def _check_books(connection: Connection, diary: Diary) -> None:
    bought = set(connection.scalars(text("SELECT id FROM purchases")))
    assert len(diary.purchases) == BUYERS * PURCHASES_EACH
    assert sorted(diary.purchases.values()) == sorted(bought)
    answered = connection.execute(text("SELECT `key` FROM idempotency_keys")).scalars()
    assert set(answered) == set(diary.purchases)
    sums = connection.execute(
        text(
            """
            SELECT (SELECT SUM(stock) FROM products), (SELECT SUM(units_sold) FROM products),
                   (SELECT SUM(quantity) FROM purchase_lines),
                   (SELECT SUM(quantity) FROM stock_movements), (SELECT COUNT(*) FROM outbox)
            """
        )
    ).one()
    sold = BUYERS * PURCHASES_EACH
    left = PRODUCTS * STOCK - sold
    assert [int(value) for value in sums] == [left, sold, sold, left, sold]


def _check_stream(shop: KillableShop, diary: Diary, stream: StreamReader) -> None:
    """Every acknowledged event is on the stream; the outbox brings every purchase once."""
    settings = RelaySettings.model_validate(
        {"database_url": shop.database_url, "event_stream": shop.resources.event_stream}
    )
    engine = open_engine(settings)
    publisher = StreamPublisher(kit_aws.client("kinesis"), settings.event_stream)
    relay = Relay(sessions_of(engine), publisher, settings, clock=utc_now)
    while relay.relay_batch():
        pass
    engine.dispose()
    events = [event for part in iter(stream.read, []) for event in part]
    assert diary.events <= {event.event_id for event in events}
    told = {(event.purchase_id, event.event_id) for event in events if event.purchase_id}
    ours = Counter(purchase for purchase, _ in told if purchase in diary.purchases.values())
    assert ours == dict.fromkeys(diary.purchases.values(), 1)
