from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from fashion_contracts.events import EventType, Interaction
from infra.demo.reconcile import Books, Lake
from infra.faults.checks import Told, check_stores
from infra.faults.replay import differing, read_stream, replayed
from infra.local.stream_testing import StreamInMemory
from infra.local.worker_testing import NOON

BOOKS = Books(
    purchases=2,
    revenue=Decimal(30),
    revenue_of_lines=Decimal(30),
    units_sold=3,
    units_moved=3,
    units_gone=3,
    oversold=0,
    purchase_ids=frozenset({"p1", "p2"}),
    outbox_event_ids=frozenset({"o1", "o2"}),
)
LAKE = Lake(
    purchases=2,
    purchase_ids=frozenset({"p1", "p2"}),
    revenue=Decimal(30),
    units=3,
    event_rows=4,
    event_ids=frozenset({"e1", "e2", "o1", "o2"}),
)


def broken(told: Told, lake: Lake = LAKE) -> bool:
    return not all(check.holds for check in check_stores(BOOKS, lake, told))


class TestCheckStores:
    def test_stores_that_hold_what_was_told_pass(self) -> None:
        assert not broken(Told({"p1", "p2"}, {"e1", "e2"}))

    def test_what_was_never_answered_may_be_there(self) -> None:
        assert not broken(Told({"p1"}, {"e1"}, purchases_in_doubt=1, events_in_doubt=1))

    def test_what_was_never_answered_may_be_missing(self) -> None:
        told = Told({"p1", "p2"}, {"e1", "e2"}, purchases_in_doubt=3, events_in_doubt=3)
        assert not broken(told)

    @pytest.mark.parametrize(
        "told",
        [
            Told({"p1", "p2", "p3"}, {"e1", "e2"}, purchases_in_doubt=9),
            Told({"p1", "p2"}, {"e1", "e2", "e3"}, events_in_doubt=9),
            Told({"p1"}, {"e1", "e2"}),
            Told({"p1", "p2"}, {"e1"}),
            Told({"p1", "p2"}, {"e1", "e2"}, crashes=1),
        ],
        ids=["lost purchase", "lost event", "purchase of nobody", "event of nobody", "crash"],
    )
    def test_a_broken_promise_is_found(self, told: Told) -> None:
        assert broken(told)

    def test_an_event_that_is_there_twice_is_found(self) -> None:
        told = Told({"p1", "p2"}, {"e1", "e2"}, events_in_doubt=9)
        assert broken(told, replace(LAKE, event_rows=5))


class TestDiffering:
    def test_a_history_that_lost_something_is_found(self) -> None:
        told = {"u1": (("a",), (), ()), "u2": (("b",), (), ())}
        assert differing(told, {"u1": (("a",), (), ()), "u2": ((), (), ())}) == {"u2"}

    def test_a_shopper_of_whom_nothing_is_stored_is_found(self) -> None:
        assert differing({"u1": (("a",), (), ())}, {}) == {"u1"}

    def test_a_shopper_who_has_done_nothing_need_not_be_stored(self) -> None:
        assert differing({"u1": ((), (), ())}, {}) == set()


class TestReplay:
    def put(self, stream: StreamInMemory, kind: EventType, seconds: int, **said: Any) -> None:
        """Put an event on its shopper's shard that happens and arrives after so many seconds."""
        at = NOON + timedelta(seconds=seconds)
        event = Interaction(
            event_id=f"event-{seconds}",
            type=kind,
            session_id="session",
            event_time=at,
            received_at=at,
            **said,
        )
        stream.put(event.shopper_id, event.to_record(), arrived_at=at)

    def test_what_was_done_before_a_split_and_after_a_merge_is_told(self) -> None:
        stream = StreamInMemory()
        for seconds, change in enumerate((stream.split, stream.merge, stream.split), 1):
            self.put(stream, EventType.PRODUCT_VIEW, seconds, user_id="user-1", product_id=seconds)
            change(0)
        said, poison = replayed(read_stream(cast(Any, stream), "clicks"))
        history, _, _ = said["user-1"]
        assert sorted(act.product_id for act in history) == [1, 2, 3]
        assert poison == set()

    def test_a_guest_on_another_shard_is_joined_with_what_arrived_before(self) -> None:
        stream = StreamInMemory()
        stream.split(0)
        guest, user = {"anonymous_id": "anon-1"}, {"user_id": "user-2"}
        self.put(stream, EventType.IDENTIFY, 2, **guest, **user)
        self.put(stream, EventType.PRODUCT_VIEW, 1, **guest, product_id=1)
        self.put(stream, EventType.PRODUCT_VIEW, 3, **guest, product_id=3)
        assert [len(shard.records) for shard in stream.open_shards()] == [1, 2]
        said, _ = replayed(read_stream(cast(Any, stream), "clicks"))
        history, _, _ = said["user-2"]
        assert [act.product_id for act in history] == [1]
