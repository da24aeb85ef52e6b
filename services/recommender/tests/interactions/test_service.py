"""Batches of records: exactly one effect each, whatever is delivered again, late or broken."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fashion_contracts.events import PRODUCT_TYPES, EventType, Interaction
from fashion_contracts.picks import ITEM_LIMIT_BYTES, Shopper, item_size
from recommender.errors import ShopperChangedError, StoreUnavailableError
from recommender.interactions.records import FailedRecord, Failure, StreamRecord
from recommender.interactions.repository import ShoppersRepository
from recommender.interactions.service import InteractionsService

START = datetime(2026, 5, 1, tzinfo=UTC)
Events = Callable[..., Interaction]
Records = Callable[[Iterable[Interaction]], list[StreamRecord]]
MakeService = Callable[[ShoppersRepository], InteractionsService]


LOGGED_IN = {"shopper": "shopper"}


class CrashError(Exception):
    """The function's process is gone."""


class FaultyShoppers(ShoppersRepository):
    """A table before or after whose writes a plan's faults happen."""

    def __init__(self, inner: ShoppersRepository, plan: Iterable[str]) -> None:
        self._inner = inner
        self._plan = iter(plan)

    async def get(self, user_id: str) -> Shopper:
        return await self._inner.get(user_id)

    async def get_many(self, user_ids: Iterable[str]) -> dict[str, Shopper]:
        if next(self._plan, "") == "unread":
            raise StoreUnavailableError("read shoppers", "Throttled")
        return await self._inner.get_many(user_ids)

    async def put(self, shopper: Shopper, *, instead_of: Shopper) -> None:
        fault = next(self._plan, "")
        if fault == "throttled":
            raise StoreUnavailableError("write a shopper", "Throttled")
        if fault == "crash before":
            raise CrashError
        await self._inner.put(shopper, instead_of=instead_of)
        if fault == "crash after":
            raise CrashError
        if fault == "lost answer":
            raise StoreUnavailableError("write a shopper", "ReadTimeout")


FAULTS = ("", "throttled", "crash before", "crash after", "lost answer", "unread")


async def deliver(
    service: InteractionsService, records: Sequence[StreamRecord], sizes: Iterable[int]
) -> None:
    """Deliver as Lambda does: again and again from the first failure on, until all is well."""
    batch_sizes = iter(sizes)
    position = 0
    while position < len(records):
        batch = list(records[position : position + next(batch_sizes, 3)])
        try:
            failed = await service.apply(batch)
        except* CrashError:
            failed = [FailedRecord(batch[0].sequence_number, Failure.TRANSIENT)]
        if failed:
            first = failed[0].sequence_number
            position += [record.sequence_number for record in batch].index(first)
        else:
            position += len(batch)


class TestApply:
    async def test_a_click_becomes_picks(
        self, service: InteractionsService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        assert await service.apply(records([event(5)])) == []

        shopper = memory_shoppers.known("shopper")
        assert shopper.picks[0].product_id == 6
        assert shopper.picks[0].because_of == 5
        assert shopper.model == "model-1"

    async def test_an_event_without_a_product_changes_nothing(
        self, service: InteractionsService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        assert await service.apply(records([event(None, EventType.PAGE_VIEW)])) == []

        assert memory_shoppers.items == {}

    async def test_the_same_batch_again_writes_nothing(
        self, make_service: MakeService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        batch = records([event(5), event(6)])
        await make_service(memory_shoppers).apply(batch)

        refusing = FaultyShoppers(memory_shoppers, ["", "crash before"])
        assert await make_service(refusing).apply(batch) == []

    async def test_sequence_numbers_compare_as_numbers(
        self, service: InteractionsService, memory_shoppers: Any, event: Events
    ) -> None:
        await service.apply([StreamRecord("9", event(5).to_record())])
        await service.apply([StreamRecord("10", event(6).to_record())])

        assert memory_shoppers.known("shopper").seen == {5, 6}

    async def test_the_item_expires_some_time_after_the_last_act(
        self, service: InteractionsService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        await service.apply(records([event(5, at=START)]))

        expires_at = datetime.fromtimestamp(memory_shoppers.known("shopper").expires_at, UTC)
        assert expires_at == START + timedelta(days=60)

    async def test_an_anonymous_event_cannot_change_a_users_picks(
        self, service: InteractionsService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        forged = event(5, shopper=None, anonymous_id="01JZ0000000000000000000000")

        assert await service.apply(records([forged])) == []
        assert memory_shoppers.items == {}

    async def test_an_event_without_consent_is_nobodys(
        self, service: InteractionsService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        refused = event(5, shopper=None, anonymous_id="anon-12345678")

        assert await service.apply(records([refused.model_copy(update={"consent": False})])) == []
        assert memory_shoppers.items == {}

    async def test_a_guest_who_logs_in_keeps_the_history(
        self, service: InteractionsService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        guest = {"shopper": None, "anonymous_id": "anon-12345678"}
        await service.apply(records([event(5, **guest), event(7, EventType.ADD_TO_CART, **guest)]))
        identified = records([event(6), event(None, EventType.IDENTIFY, **guest | LOGGED_IN)])

        assert await service.apply(identified) == []
        assert await service.apply(identified) == []
        shopper = memory_shoppers.known("shopper")
        assert shopper.seen == {5, 6, 7}
        assert [mark.product_id for mark in shopper.cart] == [7]
        assert shopper.picks != ()

    async def test_a_guest_who_did_nothing_changes_nothing(
        self, service: InteractionsService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        nobody = {"anonymous_id": "anon-12345678"} | LOGGED_IN

        assert await service.apply(records([event(None, EventType.IDENTIFY, **nobody)])) == []
        assert memory_shoppers.items == {}

    async def test_an_anonymous_shopper_has_picks_too(
        self, service: InteractionsService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        await service.apply(records([event(5, shopper=None, anonymous_id="anon-1")]))

        assert memory_shoppers.known("anon-1").seen == {5}


class TestPoison:
    @pytest.mark.parametrize(
        "data", [b"", b"\xff\xfe", b"{", b"[]", b"null", b'{"event_id": "x"}', b"{}" * 9]
    )
    async def test_poison_is_reported_and_good_records_around_it_count(
        self,
        service: InteractionsService,
        memory_shoppers: Any,
        event: Events,
        records: Records,
        data: bytes,
    ) -> None:
        before, after = records([event(5), event(6)])
        poison = StreamRecord(str(int(before.sequence_number) * 10 + 5), data)
        after = StreamRecord(poison.sequence_number + "0", after.data)

        failed = await service.apply([before, poison, after])

        assert failed == [FailedRecord(poison.sequence_number, Failure.POISON)]
        assert memory_shoppers.known("shopper").seen == {5, 6}

    async def test_what_comes_again_with_poison_has_no_second_effect(
        self, service: InteractionsService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        batch = [StreamRecord("1", b"poison"), *records([event(5)])]
        await service.apply(batch)
        once = memory_shoppers.items["shopper"]

        assert [f.sequence_number for f in await service.apply(batch)] == ["1"]
        assert memory_shoppers.items["shopper"] == once


class TestFailures:
    async def test_every_record_of_a_shopper_that_was_not_written_is_reported(
        self, make_service: MakeService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        batch = records([event(5), event(6)])
        faulty = FaultyShoppers(memory_shoppers, ["", "throttled"])

        failed = await make_service(faulty).apply(batch)

        assert failed == [FailedRecord(r.sequence_number, Failure.TRANSIENT) for r in batch]

    async def test_a_failed_write_does_not_hold_back_other_shoppers(
        self, make_service: MakeService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        batch = records([event(5, shopper="a"), event(6, shopper="b"), event(7, shopper="c")])

        failed = await make_service(FaultyShoppers(memory_shoppers, ["", "throttled"])).apply(batch)

        assert len(failed) == 1
        assert len(memory_shoppers.items) == 2

    async def test_a_later_record_never_passes_a_failed_one_of_the_same_shopper(
        self, make_service: MakeService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        batch = records([event(5), event(6)])
        await make_service(FaultyShoppers(memory_shoppers, ["", "throttled"])).apply(batch)

        assert await make_service(memory_shoppers).apply(batch) == []
        assert memory_shoppers.known("shopper").seen == {5, 6}

    async def test_unread_shoppers_fail_the_batch_but_poison_keeps_its_name(
        self, make_service: MakeService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        batch = [StreamRecord("1", b"poison"), *records([event(5)])]

        failed = await make_service(FaultyShoppers(memory_shoppers, ["unread"])).apply(batch)

        assert [f.reason for f in failed] == [Failure.POISON, Failure.TRANSIENT]

    async def test_an_item_that_changed_meanwhile_is_folded_again(
        self, make_service: MakeService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        earlier, later = records([event(5), event(6)])

        class Overtaken(FaultyShoppers):
            async def put(self, shopper: Shopper, *, instead_of: Shopper) -> None:
                if not memory_shoppers.items:
                    await make_service(memory_shoppers).apply([earlier])
                await super().put(shopper, instead_of=instead_of)

        assert await make_service(Overtaken(memory_shoppers, [])).apply([later]) == []
        assert memory_shoppers.known("shopper").seen == {5, 6}

    async def test_an_item_that_keeps_changing_is_reported(
        self, make_service: MakeService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        class Contended(FaultyShoppers):
            async def put(self, shopper: Shopper, *, instead_of: Shopper) -> None:
                raise ShopperChangedError(shopper.user_id)

        failed = await make_service(Contended(memory_shoppers, [])).apply(records([event(5)]))

        assert [f.reason for f in failed] == [Failure.TRANSIENT]

    async def test_a_late_zombie_writes_nothing(
        self, make_service: MakeService, memory_shoppers: Any, event: Events, records: Records
    ) -> None:
        batch = records([event(5), event(6)])
        zombie = Shopper("shopper")
        await make_service(memory_shoppers).apply(batch)
        now = memory_shoppers.items["shopper"]

        class Stale(FaultyShoppers):
            async def get_many(self, user_ids: Iterable[str]) -> dict[str, Shopper]:
                return {"shopper": zombie}

        assert await make_service(Stale(memory_shoppers, [])).apply(batch[:1]) == []
        assert memory_shoppers.items["shopper"] == now


EVENTS = st.builds(
    lambda number, shopper, product, type_, seconds: Interaction(
        event_id=f"event-{number}",
        type=type_,
        user_id=f"shopper-{shopper}",
        session_id="s",
        product_id=product,
        event_time=START + timedelta(seconds=seconds),
        received_at=START + timedelta(hours=1),
    ),
    st.integers(0, 30),  # few ids: clients send events twice
    st.integers(1, 3),
    st.integers(1, 40),
    st.sampled_from(sorted(PRODUCT_TYPES)),
    st.integers(0, 600),
)


@hypothesis_settings(max_examples=60)
@given(
    st.lists(EVENTS, max_size=40),
    st.lists(st.sampled_from(FAULTS), max_size=30),
    st.lists(st.integers(1, 12), max_size=20),
)
async def test_faults_and_batches_leave_no_trace(
    make_service: MakeService,
    memory_shoppers: Any,
    events: list[Interaction],
    plan: list[str],
    sizes: list[int],
) -> None:
    stream = [StreamRecord(str(10**55 + n), e.to_record()) for n, e in enumerate(events)]
    clean, faulty = type(memory_shoppers)(), type(memory_shoppers)()
    await deliver(make_service(clean), stream, [len(stream)])

    await deliver(make_service(FaultyShoppers(faulty, plan)), stream, sizes)

    assert faulty.items == clean.items


@pytest.mark.servers
async def test_the_real_table_ends_the_same_after_faults_and_rewinds(
    make_service: MakeService,
    shoppers: ShoppersRepository,
    memory_shoppers: Any,
    stored_shopper: Callable[[str], Shopper],
) -> None:
    random = Random(7)
    events = [_random_event(random, number) for number in range(150)]
    stream = [StreamRecord(str(10**55 + n), e.to_record()) for n, e in enumerate(events)]
    await deliver(make_service(memory_shoppers), stream, [len(stream)])
    plan = random.choices(FAULTS, [12, 1, 1, 1, 1, 1], k=400)

    service = make_service(FaultyShoppers(shoppers, plan))
    for begin in range(0, len(stream), 25):
        rewound = max(0, begin - random.randrange(20))
        await deliver(service, stream[rewound : begin + 25], random.choices(range(1, 20), k=40))

    stored = {user_id: stored_shopper(user_id).to_attributes() for user_id in memory_shoppers.items}
    assert stored == memory_shoppers.items
    assert max(map(item_size, memory_shoppers.items.values())) <= ITEM_LIMIT_BYTES


def _random_event(random: Random, number: int) -> Interaction:
    return Interaction(
        event_id=f"event-{random.choice([number, number - 1])}",
        type=random.choice(sorted(PRODUCT_TYPES)),
        user_id=f"shopper-{random.randrange(6)}",
        session_id="s",
        product_id=random.randrange(1, 41),
        event_time=START + timedelta(seconds=random.randrange(6000)),
        received_at=START + timedelta(hours=3),
    )
