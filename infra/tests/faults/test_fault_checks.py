from dataclasses import replace
from decimal import Decimal

import pytest

from infra.demo.reconcile import Books, Lake
from infra.faults.checks import Told, check_stores
from infra.faults.replay import differing

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
