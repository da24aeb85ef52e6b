"""What was broken in the workshop that this shop began as, and must not come back."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import Shopper
from recommender.interactions.records import StreamRecord
from recommender.interactions.repository import ShoppersRepository
from recommender.interactions.service import InteractionsService
from recommender.picks.rankers import Rankers

pytestmark = pytest.mark.servers

Events = Callable[..., Interaction]
Records = Callable[[Iterable[Interaction]], list[StreamRecord]]


@pytest.fixture
def service(
    make_service: Callable[[ShoppersRepository], InteractionsService], shoppers: ShoppersRepository
) -> InteractionsService:
    return make_service(shoppers)


def picked(shopper: Shopper) -> set[int]:
    return {pick.product_id for pick in shopper.picks}


class TestFault1:
    """One bad record, or an unknown product, stopped the shard until it expired."""

    async def test_a_bad_record_does_not_stop_the_good_ones(
        self,
        service: InteractionsService,
        stored_shopper: Callable[[str], Shopper],
        event: Events,
        records: Any,
    ) -> None:
        first, last = records([event(5), event(6)])
        failed = await service.apply([first, StreamRecord("1", b"not an event"), last])

        assert [f.sequence_number for f in failed] == ["1"]
        assert stored_shopper("shopper").seen == {5, 6}

    async def test_an_unknown_product_is_no_error(
        self,
        service: InteractionsService,
        stored_shopper: Callable[[str], Shopper],
        event: Events,
        records: Any,
    ) -> None:
        assert await service.apply(records([event(4_000_000_000), event(5)])) == []

        assert 6 in picked(stored_shopper("shopper"))


class TestFault3:
    """Only the first record counted; old events overwrote new picks; the wrong was recommended."""

    async def test_every_record_of_a_batch_counts(
        self,
        service: InteractionsService,
        stored_shopper: Callable[[str], Shopper],
        event: Events,
        records: Any,
    ) -> None:
        await service.apply(
            records(event(number, shopper=f"s{number % 3}") for number in range(1, 10))
        )

        assert [len(stored_shopper(f"s{number}").history) for number in range(3)] == [3, 3, 3]

    async def test_an_older_event_delivered_again_leaves_newer_picks(
        self,
        service: InteractionsService,
        stored_shopper: Callable[[str], Shopper],
        event: Events,
        records: Any,
    ) -> None:
        older, newer = records([event(5), event(20)])
        await service.apply([older])
        await service.apply([newer])
        picks = stored_shopper("shopper").picks

        await service.apply([older])

        assert stored_shopper("shopper").picks == picks
        assert picks[0].product_id == 21

    async def test_seen_carted_and_bought_products_are_not_recommended(
        self,
        service: InteractionsService,
        stored_shopper: Callable[[str], Shopper],
        event: Events,
        records: Any,
    ) -> None:
        types = (EventType.PRODUCT_VIEW, EventType.ADD_TO_CART, EventType.PURCHASE)
        await service.apply(records(event(number, type_) for number, type_ in enumerate(types, 11)))

        assert picked(stored_shopper("shopper")).isdisjoint({11, 12, 13})

    def test_a_new_shopper_gets_something(self, rankers: Rankers) -> None:
        assert rankers.current().rank(Shopper("somebody new"))

    async def test_items_expire(
        self,
        service: InteractionsService,
        stored_shopper: Callable[[str], Shopper],
        event: Events,
        records: Any,
    ) -> None:
        await service.apply(records([event(5)]))

        assert stored_shopper("shopper").expires_at > event(5).event_time.timestamp()


class TestFault4:
    """Purchases were not used, and there was no model (its building: learning/test_build.py)."""

    async def test_a_purchase_brings_what_goes_with_it_and_not_itself(
        self,
        service: InteractionsService,
        stored_shopper: Callable[[str], Shopper],
        event: Events,
        records: Any,
    ) -> None:
        await service.apply(records([event(1, EventType.PURCHASE)]))

        shopper = stored_shopper("shopper")
        assert shopper.picks[0].because_of == 1
        assert picked(shopper).isdisjoint({1, 2})  # 2 is 1 in another colour
