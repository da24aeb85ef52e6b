"""Real-shaped sessions through four shards' handlers: whatever fails, every item ends the same.

Handlers crash between a batch's writes, and after the last one before they answer; batches are cut
anew and delivered again, the stream rewinds, clients send events twice.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zlib import crc32

import pytest

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import ITEM_LIMIT_BYTES, Shopper
from fashion_kit.dynamodb.client import DynamoDB
from fashion_kit.dynamodb.values import from_wire
from infra.local.resources import Resources
from recommender.interactions.records import StreamRecord
from recommender.interactions.repository import ShoppersRepository
from recommender.interactions.service import InteractionsService

SHARDS = 4
SHOPPERS = 300
PRODUCTS = 40
REWIND = 30
SENT_TWICE = 0.01
FIRST_DAY = datetime(2026, 5, 1, tzinfo=UTC)
FAULTS = ("", "throttled", "crash before", "crash after", "lost answer", "unread")
ODDS = (40, 1, 1, 1, 1, 1)

ServiceOf = Callable[[DynamoDB], InteractionsService]
Shards = list[list[StreamRecord]]


class Sessions:
    """Clicks as in a real clothing shop: sessions of 7 clicks, 4 at the median; some buy.

    On the second day the guests of the first turn out to be users.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._number = 0

    def day(self, day: int, events: int) -> list[Interaction]:
        """Return about so many events in the order in which the server got them."""
        made: list[Interaction] = []
        while len(made) < events:
            made += self._session(day)
        if day > 0:
            made += [self._identified(number, day) for number in range(0, SHOPPERS, 5)]
        made += [event for event in made if self._random.random() < SENT_TWICE]
        made.sort(key=lambda event: (event.received_at, event.event_id))
        return made

    def _session(self, day: int) -> Iterator[Interaction]:
        number = self._random.randrange(SHOPPERS)
        at = FIRST_DAY + timedelta(days=day, seconds=self._random.randrange(80_000))
        product = self._random.randrange(1, PRODUCTS + 1)
        for _ in range(min(int(self._random.lognormvariate(1.4, 1.0)) + 1, 60)):
            at += timedelta(seconds=self._random.expovariate(1 / 40))
            near = self._random.choice([-3, -2, -1, 1, 2, 3])
            product = (product + near - 1) % PRODUCTS + 1
            for type_ in self._types():
                yield self._event(number, day, type_, product, at)
                at += timedelta(seconds=1)

    def _types(self) -> Sequence[EventType]:
        view, put = EventType.PRODUCT_VIEW, EventType.ADD_TO_CART
        journeys = (
            [view],
            [EventType.LIST_CLICK],
            [view, put],
            [view, put, EventType.REMOVE_FROM_CART],
            [view, put, EventType.PURCHASE],
            [view, EventType.PURCHASE, EventType.REFUND],
        )
        return self._random.choices(journeys, [70, 15, 8, 3, 3, 1])[0]

    def _event(
        self, number: int, day: int, type_: EventType, product: int, at: datetime
    ) -> Interaction:
        # Some events wait in the browser or the outbox, and arrive after later ones.
        delay = self._random.choices([0.2, 300], [95, 5])[0]
        is_guest = number % 5 == 0 and day == 0
        return self._made(
            type=type_,
            user_id=None if is_guest else f"shopper-{number}",
            anonymous_id=f"anon-{number}" if is_guest else None,
            product_id=product,
            event_time=at,
            received_at=at + timedelta(seconds=delay),
        )

    def _identified(self, number: int, day: int) -> Interaction:
        at = FIRST_DAY + timedelta(days=day, seconds=self._random.randrange(80_000))
        return self._made(
            type=EventType.IDENTIFY,
            user_id=f"shopper-{number}",
            anonymous_id=f"anon-{number}",
            event_time=at,
            received_at=at,
        )

    def _made(self, **fields: Any) -> Interaction:
        self._number += 1
        return Interaction(event_id=f"event-{self._number}", session_id="s", **fields)


def on_shards(events: Sequence[Interaction], first: int) -> Shards:
    """Return each shard's records, numbered as Kinesis numbers: growing, with gaps."""
    shards: Shards = [[] for _ in range(SHARDS)]
    for number, event in enumerate(events, first):
        shard = crc32(event.shopper_id.encode()) % SHARDS
        shards[shard].append(StreamRecord(str(10**55 + 64 * number + shard), event.to_record()))
    return shards


@pytest.fixture(scope="module")
def days() -> list[Shards]:
    """Return two days of the stream."""
    sessions = Sessions(seed=11)
    first, second = sessions.day(0, 4000), sessions.day(1, 2000)
    return [on_shards(first, 0), on_shards(second, len(first))]


class Delivery:
    """Feeds one shard to its handler as Lambda does, on a bad day."""

    def __init__(self, service: InteractionsService, size: int, random: Random | None) -> None:
        self._service = service
        self._size = size
        self._random = random
        self.rewound = 0
        self.crashed = 0

    async def run(self, records: Sequence[StreamRecord]) -> None:
        """Deliver until the handler has said of every record that it is done."""
        position = 0
        while position < len(records):
            batch = records[position : position + self._next_size()]
            position += await self._done(batch)
            if self._happens(0.03):
                back = min(position, self._chosen(REWIND + 1))
                position -= back
                self.rewound += back

    async def _done(self, batch: Sequence[StreamRecord]) -> int:
        """Return how many of the batch's first records need not come again."""
        try:
            failed = await self._service.apply(batch)
        except (RuntimeError, ExceptionGroup):
            self.crashed += 1
            return 0
        if self._happens(0.03):
            self.crashed += 1
            return 0  # all is written, but nobody has heard of it
        if not failed:
            return len(batch)
        first = failed[0].sequence_number
        return [record.sequence_number for record in batch].index(first)

    def _next_size(self) -> int:
        return self._size if self._random is None else 1 + self._chosen(self._size)

    def _happens(self, odds: float) -> bool:
        return self._random is not None and self._random.random() < odds

    def _chosen(self, below: int) -> int:
        return 0 if self._random is None else self._random.randrange(below)


async def deliver(
    days: list[Shards], service_of: Callable[[], InteractionsService], size: int, seed: int | None
) -> list[Delivery]:
    """Run the days one after the other, each day's shards at once; without a seed all is well."""
    made = []
    for shard in range(SHARDS):
        random = None if seed is None else Random(seed * SHARDS + shard)
        made.append(Delivery(service_of(), size, random))
    for day in days:
        await asyncio.gather(*(one.run(records) for one, records in zip(made, day, strict=True)))
    return made


def faults(seed: int) -> Iterator[str]:
    """Yield what happens at each call, for ever."""
    random = Random(seed)
    while True:
        yield random.choices(FAULTS, ODDS)[0]


@pytest.fixture(scope="module")
def clean() -> dict[str, Any]:
    """Return the items of the clean run, once it was made."""
    return {}


@pytest.fixture
async def clean_items(
    clean: dict[str, Any], days: list[Shards], memory: Any, service_of: ServiceOf
) -> dict[str, Any]:
    if not clean:
        await deliver(days, lambda: service_of(memory), 50, None)
        clean.update(memory.items)
    return clean


@pytest.mark.parametrize("size", [1, 20, 200])
async def test_items_end_as_in_the_clean_run(
    days: list[Shards], clean_items: dict[str, Any], memory: Any, service_of: ServiceOf, size: int
) -> None:
    faulty = type(memory)()
    faulty.faults = faults(size)

    deliveries = await deliver(days, lambda: service_of(faulty), size, size)

    assert faulty.items == clean_items
    assert sum(delivery.crashed for delivery in deliveries) > 20
    assert sum(delivery.rewound for delivery in deliveries) > 20
    assert faulty.largest_write <= ITEM_LIMIT_BYTES


def test_the_days_are_worth_the_trouble(days: list[Shards], clean_items: dict[str, Any]) -> None:
    events = [Interaction.from_record(r.data) for day in days for shard in day for r in shard]
    ids = [event.event_id for event in events]

    assert len(events) >= 6000
    assert len(ids) - len(set(ids)) >= 40
    assert {event.type for event in events} >= {EventType.REFUND, EventType.IDENTIFY}
    shoppers = [Shopper.from_attributes(from_wire(item)) for item in clean_items.values()]
    assert len(shoppers) >= 250
    assert all(shopper.picks for shopper in shoppers)
    assert any(len(shopper.history) == 20 for shopper in shoppers)


@pytest.mark.servers
async def test_the_real_table_ends_as_the_one_in_memory(
    memory: Any,
    service_of: ServiceOf,
    make_service: Callable[[ShoppersRepository], InteractionsService],
    shoppers: ShoppersRepository,
    stores: Resources,
    dynamodb: Any,
) -> None:
    days = [on_shards(Sessions(seed=12).day(0, 250), 0)]
    await deliver(days, lambda: service_of(memory), 50, None)

    await deliver(days, lambda: make_service(shoppers), 20, 5)

    pages = dynamodb.get_paginator("scan").paginate(TableName=stores.shoppers_table)
    stored = {item["user_id"]["S"]: item for page in pages for item in page["Items"]}
    assert stored == {user_id: from_wire(item) for user_id, item in memory.items.items()}
