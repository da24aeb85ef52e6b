"""What an event costs: one read and one write of at most a kilobyte."""

from collections.abc import Callable, Iterable
from typing import Any

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import ITEM_LIMIT_BYTES
from fashion_kit.dynamodb.client import DynamoDB
from recommender.interactions.records import StreamRecord
from recommender.interactions.service import InteractionsService

Events = Callable[..., Interaction]
Records = Callable[[Iterable[Interaction]], list[StreamRecord]]
ServiceOf = Callable[[DynamoDB], InteractionsService]
GUEST = {"shopper": None, "anonymous_id": "anon-12345678"}


async def test_an_event_is_one_read_and_one_write_of_a_kilobyte(
    memory: Any, service_of: ServiceOf, event: Events, records: Records
) -> None:
    service = service_of(memory)
    types = (EventType.PRODUCT_VIEW, EventType.ADD_TO_CART, EventType.PURCHASE)
    for number in range(60):
        memory.calls.clear()
        memory.keys_read = 0

        assert await service.apply(records([event(number % 40 + 1, types[number % 3])])) == []

        assert memory.calls == ["BatchGetItem", "PutItem"]
        assert memory.keys_read == 1
    assert 500 < memory.largest_write <= ITEM_LIMIT_BYTES


async def test_a_batch_is_one_read_and_one_write_of_each_shopper(
    memory: Any, service_of: ServiceOf, event: Events, records: Records
) -> None:
    batch = records(event(number % 40 + 1, shopper=f"s{number % 30}") for number in range(150))

    assert await service_of(memory).apply(batch) == []

    assert memory.calls == ["BatchGetItem", *["PutItem"] * 30]
    assert memory.keys_read == 30


async def test_a_guest_is_read_with_the_others(
    memory: Any, service_of: ServiceOf, event: Events, records: Records
) -> None:
    service = service_of(memory)
    await service.apply(records([event(5, **GUEST)]))
    memory.calls.clear()

    identified = GUEST | {"shopper": "shopper"}
    await service.apply(records([event(6), event(None, EventType.IDENTIFY, **identified)]))

    assert memory.calls == ["BatchGetItem", "PutItem"]


async def test_what_changes_nothing_costs_nothing_but_the_read(
    memory: Any, service_of: ServiceOf, event: Events, records: Records
) -> None:
    service = service_of(memory)
    batch = records([event(5)])
    await service.apply(batch)
    memory.calls.clear()

    await service.apply(batch)
    await service.apply(records([event(None, EventType.PAGE_VIEW)]))

    assert memory.calls == ["BatchGetItem"]


async def test_a_guest_whose_clicks_are_in_the_same_batch_keeps_them(
    memory: Any, service_of: ServiceOf, event: Events, records: Records
) -> None:
    identified = event(None, EventType.IDENTIFY, **GUEST | {"shopper": "shopper"})
    batch = records([event(5, **GUEST), event(6, **GUEST), identified, event(7)])

    assert await service_of(memory).apply(batch) == []

    keys = ("shopper", "anon-12345678")
    together = [memory.items[key]["history"] for key in keys]
    one_by_one = type(memory)()
    for record in batch:
        await service_of(one_by_one).apply([record])
    assert [one_by_one.items[key]["history"] for key in keys] == together
