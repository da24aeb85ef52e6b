"""Forgetting on request: everything goes, and no old record brings it back."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fashion_contracts.events import EventType, Interaction
from fashion_kit.dynamodb.client import DynamoDB
from recommender.errors import ShopperContendedError
from recommender.interactions.records import StreamRecord
from recommender.interactions.repository import ShoppersRepository
from recommender.interactions.service import InteractionsService

Events = Callable[..., Interaction]
Records = Callable[[Iterable[Interaction]], list[StreamRecord]]
ServiceOf = Callable[[DynamoDB], InteractionsService]
RepositoryOf = Callable[[DynamoDB], ShoppersRepository]


@pytest.fixture
def service(memory: Any, service_of: ServiceOf) -> InteractionsService:
    return service_of(memory)


@pytest.fixture
def shoppers(memory: Any, repository_of: RepositoryOf) -> ShoppersRepository:
    return repository_of(memory)


@pytest.fixture
def batch(event: Events, records: Records) -> list[StreamRecord]:
    types = (EventType.PRODUCT_VIEW, EventType.ADD_TO_CART, EventType.PURCHASE)
    return records([event(number, type_) for number, type_ in enumerate(types, 5)])


async def test_nothing_but_the_fence_stays(
    service: InteractionsService, shoppers: ShoppersRepository, memory: Any, batch: Any
) -> None:
    await service.apply(batch)
    sequence = memory.items["shopper"]["sequence"]

    await shoppers.forget("shopper")

    a_week_later = datetime(2026, 5, 27, tzinfo=UTC)
    assert memory.items["shopper"] == {
        "user_id": {"S": "shopper"},
        "sequence": sequence,
        "expires_at": {"N": str(int(a_week_later.timestamp()))},
    }


async def test_old_records_that_come_again_bring_nothing_back(
    service: InteractionsService, shoppers: ShoppersRepository, memory: Any, batch: Any
) -> None:
    await service.apply(batch)
    await shoppers.forget("shopper")
    forgotten = memory.items["shopper"]

    assert await service.apply(batch) == []
    assert memory.items["shopper"] == forgotten


async def test_later_events_begin_a_new_history(
    service: InteractionsService,
    shoppers: ShoppersRepository,
    batch: Any,
    event: Events,
    records: Records,
) -> None:
    await service.apply(batch)
    await shoppers.forget("shopper")

    assert await service.apply([*batch, *records([event(20)])]) == []

    shopper = await shoppers.get("shopper")
    assert shopper.seen == {20}
    assert shopper.cart == shopper.bought == ()


async def test_a_fold_that_had_read_the_item_does_not_bring_it_back(
    service: InteractionsService,
    shoppers: ShoppersRepository,
    memory: Any,
    batch: Any,
    event: Events,
    records: Records,
) -> None:
    await service.apply(batch)
    before = dict(memory.items)
    await shoppers.forget("shopper")
    fence = dict(memory.items)
    memory.items = before
    memory.before_put = lambda: memory.items.update(fence)

    assert await service.apply(records([event(20)])) == []

    assert (await shoppers.get("shopper")).seen == {20}


async def test_a_forgotten_guest_does_not_come_back_as_a_user(
    service: InteractionsService, shoppers: ShoppersRepository, event: Events, records: Records
) -> None:
    guest = {"shopper": None, "anonymous_id": "anon-12345678"}
    old = records([event(5, **guest)])
    await service.apply(old)
    await shoppers.forget("anon-12345678")

    identified = event(None, EventType.IDENTIFY, **guest | {"shopper": "shopper"})
    assert await service.apply([*old, *records([event(6), identified])]) == []

    assert (await shoppers.get("shopper")).seen == {6}


async def test_an_event_that_is_folded_meanwhile_is_forgotten_too(
    service: InteractionsService,
    shoppers: ShoppersRepository,
    memory: Any,
    batch: Any,
    event: Events,
    records: Records,
) -> None:
    await service.apply(batch)
    before = memory.items["shopper"]
    await service.apply(records([event(20)]))
    after, memory.items["shopper"] = memory.items["shopper"], before
    memory.before_put = lambda: memory.items.update(shopper=after)

    await shoppers.forget("shopper")

    assert memory.items["shopper"]["sequence"] == after["sequence"]
    assert "history" not in memory.items["shopper"]


async def test_the_expiry_changes_even_when_it_would_be_the_same(
    service: InteractionsService, shoppers: ShoppersRepository, memory: Any, batch: Any
) -> None:
    await service.apply(batch)
    same = str(int((datetime(2026, 5, 20, tzinfo=UTC) + timedelta(days=7)).timestamp()))
    memory.items["shopper"] |= {"expires_at": {"N": same}}

    await shoppers.forget("shopper")

    assert memory.items["shopper"]["expires_at"] != {"N": same}


async def test_whoever_is_unknown_or_forgotten_already_is_not_written(
    service: InteractionsService, shoppers: ShoppersRepository, memory: Any, batch: Any
) -> None:
    await service.apply(batch)
    await shoppers.forget("shopper")
    memory.calls.clear()

    await shoppers.forget("shopper")
    await shoppers.forget("nobody")

    assert memory.calls == ["GetItem", "GetItem"]


async def test_an_item_that_keeps_changing_is_told(
    service: InteractionsService, shoppers: ShoppersRepository, memory: Any, batch: Any
) -> None:
    await service.apply(batch)

    def change() -> None:
        expiry = int(memory.items["shopper"]["expires_at"]["N"])
        memory.items["shopper"] |= {"expires_at": {"N": str(expiry + 1)}}
        memory.before_put = change

    memory.before_put = change

    with pytest.raises(ShopperContendedError):
        await shoppers.forget("shopper")
