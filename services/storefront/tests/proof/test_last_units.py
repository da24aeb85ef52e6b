"""64 clients want the last 50 units: exactly those are sold, whatever breaks on the way."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest
from services.storefront.tests.proof.conftest import Buyer, KillableShop
from services.storefront.tests.proof.wire import Line, Reply
from sqlalchemy import text

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1200)]

CLIENTS = 64
UNITS = 50
STOREFRONTS = 2
HANGS_UP = 0.15
ASKS_TWICE = 0.15
SEED = 20_261_124


@dataclass
class Client:
    """One buyer with a line to each storefront, who never gives up before there is a decision."""

    buyer: Buyer
    lines: list[Line]
    random: Random

    async def buy(self, product_id: int, key: str) -> list[Reply]:
        """Return every decision that was heard; there may be several of the one request."""
        body = {"lines": [{"product_id": product_id, "quantity": 1}]}
        headers = self.buyer.bearer | {"Idempotency-Key": key}
        while self.random.random() < HANGS_UP:
            await self._line().post_and_hang_up("/purchases", body, headers)
        asked = 2 if self.random.random() < ASKS_TWICE else 1
        lines = self.random.sample(self.lines, asked)
        return [
            await decision
            for decision in [
                asyncio.ensure_future(self._decided(line, body, headers)) for line in lines
            ]
        ]

    async def _decided(self, line: Line, body: object, headers: dict[str, str]) -> Reply:
        while True:
            reply = await line.post("/purchases", body, headers)
            if reply.status == 201 or not _is_to_be_repeated(reply):
                return reply

    def _line(self) -> Line:
        return self.random.choice(self.lines)


def _is_to_be_repeated(reply: Reply) -> bool:
    return reply.status == 503 or reply.json()["type"].endswith(":request-in-flight")


def test_exactly_the_stock_is_sold_and_each_key_buys_once(
    killable_shop: KillableShop, request: pytest.FixtureRequest
) -> None:
    rounds: int = request.config.getoption("--proof-rounds")
    killable_shop.open(STOREFRONTS)
    buyers = killable_shop.make_buyers(CLIENTS)
    products = [killable_shop.make_product(number, UNITS) for number in range(1, rounds + 1)]
    asyncio.run(_race(killable_shop, buyers, products))
    with killable_shop.books() as books, books.connect() as connection:
        rows = connection.execute(text(_SOLD)).all()
        assert [tuple(row) for row in rows] == [
            (product, 0, UNITS, UNITS, UNITS, 0) for product in products
        ]
        assert connection.scalar(text("SELECT COUNT(*) FROM outbox")) == rounds * UNITS
        assert connection.scalar(text("SELECT COUNT(*) FROM idempotency_keys")) == rounds * UNITS


_SOLD = """
    SELECT p.id, p.stock, p.units_sold,
           (SELECT SUM(l.quantity) FROM purchase_lines l WHERE l.product_id = p.id),
           (SELECT COUNT(*) FROM purchase_lines l WHERE l.product_id = p.id),
           (SELECT SUM(m.quantity) FROM stock_movements m WHERE m.product_id = p.id)
    FROM products p ORDER BY p.id
"""


async def _race(shop: KillableShop, buyers: list[Buyer], products: list[int]) -> None:
    clients = [
        Client(buyer, [Line(port) for port in shop.ports], Random(SEED + number))
        for number, buyer in enumerate(buyers)
    ]
    for product in products:
        heard = await asyncio.gather(
            *(client.buy(product, f"{product}-{client.buyer.id}") for client in clients)
        )
        _check(heard)
    for client in clients:
        for line in client.lines:
            line.close()


def _check(heard: list[list[Reply]]) -> None:
    """Each client heard one decision, however often; as many bought as there were units."""
    for replies in heard:
        assert len({(reply.status, reply.body) for reply in replies}) == 1
    decisions = [replies[0] for replies in heard]
    bought = [reply.json()["id"] for reply in decisions if reply.status == 201]
    assert len(set(bought)) == len(bought)
    assert Counter(reply.status for reply in decisions) == {201: UNITS, 409: CLIENTS - UNITS}
