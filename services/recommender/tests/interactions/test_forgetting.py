"""Forgetting on request: everything goes, and no old record brings it back."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import Any
from unittest.mock import ANY

import pytest

from fashion_contracts.events import EventType, Interaction
from fashion_kit.dynamodb.client import DynamoDB
from recommender.interactions.records import StreamRecord
from recommender.interactions.repository import ShoppersRepository
from recommender.interactions.service import InteractionsService
from recommender.picks.repository import PicksRepository

Events = Callable[..., Interaction]
Records = Callable[[Iterable[Interaction]], list[StreamRecord]]
ServiceOf = Callable[[DynamoDB], InteractionsService]
Forget = Callable[[str], Awaitable[None]]
UNTIL = datetime(2026, 5, 28, tzinfo=UTC)


@pytest.fixture
def service(memory: Any, service_of: ServiceOf) -> InteractionsService:
    return service_of(memory)


@pytest.fixture
def shoppers(memory: Any) -> ShoppersRepository:
    return ShoppersRepository(memory, "shoppers")


@pytest.fixture
def forget(memory: Any) -> Forget:
    """Return what the API does when a shopper is to be forgotten."""
    picks = PicksRepository(memory, "shoppers", in_flight=1, queued=1)
    return partial(picks.forget, until=UNTIL)


@pytest.fixture
def batch(event: Events, records: Records) -> list[StreamRecord]:
    types = (EventType.PRODUCT_VIEW, EventType.ADD_TO_CART, EventType.PURCHASE)
    return records([event(number, type_) for number, type_ in enumerate(types, 5)])


async def test_nothing_but_the_fence_stays(
    service: InteractionsService, forget: Forget, memory: Any, batch: Any
) -> None:
    await service.apply(batch)
    sequence = memory.items["shopper"]["sequence"]

    await forget("shopper")

    assert memory.items["shopper"] == {
        "user_id": {"S": "shopper"},
        "sequence": sequence,
        "expires_at": {"N": str(int(UNTIL.timestamp()))},
    }


async def test_old_records_that_come_again_bring_nothing_back(
    service: InteractionsService, forget: Forget, memory: Any, batch: Any
) -> None:
    await service.apply(batch)
    await forget("shopper")
    forgotten = memory.items["shopper"]

    assert await service.apply(batch) == []
    assert memory.items["shopper"] == forgotten


async def test_later_events_begin_a_new_history(
    service: InteractionsService,
    shoppers: ShoppersRepository,
    forget: Forget,
    batch: Any,
    event: Events,
    records: Records,
) -> None:
    await service.apply(batch)
    await forget("shopper")

    assert await service.apply([*batch, *records([event(20)])]) == []

    shopper = await shoppers.get("shopper")
    assert shopper.seen == {20}
    assert shopper.cart == shopper.bought == ()


async def test_a_fold_that_had_read_the_item_does_not_bring_it_back(
    service: InteractionsService,
    shoppers: ShoppersRepository,
    forget: Forget,
    memory: Any,
    batch: Any,
    event: Events,
    records: Records,
) -> None:
    await service.apply(batch)
    before = dict(memory.items)
    await forget("shopper")
    fence = dict(memory.items)
    memory.items = before
    memory.before_put = lambda: memory.items.update(fence)

    assert await service.apply(records([event(20)])) == []

    assert (await shoppers.get("shopper")).seen == {20}


async def test_a_forgotten_guest_does_not_come_back_as_a_user(
    service: InteractionsService,
    shoppers: ShoppersRepository,
    forget: Forget,
    event: Events,
    records: Records,
) -> None:
    guest = {"shopper": None, "anonymous_id": "anon-12345678"}
    old = records([event(5, **guest)])
    await service.apply(old)
    await forget("anon-12345678")

    identified = event(None, EventType.IDENTIFY, **guest | {"shopper": "shopper"})
    assert await service.apply([*old, *records([event(6), identified])]) == []

    assert (await shoppers.get("shopper")).seen == {6}


class TestErasedAccount:
    """The storefront tells the stream that an account was erased."""

    @pytest.fixture
    def erased(self, event: Events) -> Callable[[], Interaction]:
        return partial(event, None, EventType.ERASE)

    @pytest.mark.parametrize("batches", [1, 2])
    async def test_nothing_but_the_fence_stays(
        self,
        service: InteractionsService,
        memory: Any,
        batch: list[StreamRecord],
        erased: Callable[[], Interaction],
        records: Records,
        batches: int,
    ) -> None:
        await service.apply(batch[:1])
        erasure = erased()
        [told] = records([erasure])
        rest = [*batch[1:], told]

        for part in [rest] if batches == 1 else [rest[:-1], rest[-1:]]:
            assert await service.apply(part) == []

        until = erasure.received_at + timedelta(days=8)
        assert memory.items["shopper"] == {
            "user_id": {"S": "shopper"},
            "sequence": ANY,
            "expires_at": {"N": str(ceil(until.timestamp()))},
        }

    async def test_the_stream_read_again_brings_nothing_back(
        self,
        service: InteractionsService,
        memory: Any,
        batch: list[StreamRecord],
        erased: Callable[[], Interaction],
        records: Records,
    ) -> None:
        whole = [*batch, *records([erased()])]
        for one in whole:
            await service.apply([one])
        fence = memory.items["shopper"]

        assert await service.apply(whole) == []

        assert memory.items["shopper"] == fence

    async def test_later_events_begin_a_new_history(
        self,
        service: InteractionsService,
        shoppers: ShoppersRepository,
        batch: list[StreamRecord],
        erased: Callable[[], Interaction],
        event: Events,
        records: Records,
    ) -> None:
        await service.apply(batch)

        assert await service.apply(records([event(19), erased(), event(20)])) == []

        shopper = await shoppers.get("shopper")
        assert shopper.seen == {20}
        assert shopper.cart == shopper.bought == ()

    async def test_of_somebody_unknown_nothing_is_kept(
        self,
        service: InteractionsService,
        memory: Any,
        erased: Callable[[], Interaction],
        records: Records,
    ) -> None:
        assert await service.apply(records([erased()])) == []

        assert memory.items == {}
