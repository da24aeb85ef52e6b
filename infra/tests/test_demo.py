import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.demo.reconcile import Books, Check, Discrepancies, Lake, reconcile
from infra.demo.summary import Summary

BOOKS = Books(
    purchases=2,
    revenue=Decimal("30.00"),
    revenue_of_lines=Decimal("30.00"),
    units_sold=3,
    units_moved=3,
    units_gone=3,
    oversold=0,
    purchase_ids=frozenset({"p1", "p2"}),
    outbox_event_ids=frozenset({"e3", "e4"}),
)
LAKE = Lake(
    purchases=2,
    purchase_ids=frozenset({"p1", "p2"}),
    revenue=Decimal("30.00"),
    units=3,
    event_rows=4,
    event_ids=frozenset({"e1", "e2", "e3", "e4"}),
)
TOLD = {"confirmed_purchases": frozenset({"p1", "p2"}), "accepted": frozenset({"e1", "e2"})}
SUMMARY = Summary(
    ok=True,
    purchases=2,
    events_accepted=4,
    events_in_lake=4,
    click_to_pick_ms_p50=1.5,
    click_to_pick_ms_p95=2.5,
    lake_purchases=2,
    revenue_mysql=Decimal("30.00"),
    revenue_lake=Decimal("30.00"),
    oversold=0,
    seconds=100.1,
)


def holds(books: Books = BOOKS, lake: Lake = LAKE, **told: frozenset[str]) -> bool:
    return all(check.holds for check in reconcile(books, lake, **(TOLD | told)))


class TestReconcile:
    def test_books_and_lake_that_agree_pass(self) -> None:
        assert holds()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"purchases": 3},
            {"revenue": Decimal("30.01")},
            {"revenue_of_lines": Decimal("29.99")},
            {"units_sold": 4},
            {"units_moved": 2},
            {"units_gone": 4},
            {"oversold": 1},
            {"purchase_ids": frozenset({"p1", "p3"})},
            {"outbox_event_ids": frozenset({"e3", "e5"})},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )
    def test_any_wrong_figure_in_the_books_is_found(self, wrong: dict[str, Any]) -> None:
        assert not holds(replace(BOOKS, **wrong))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"purchases": 1},
            {"purchase_ids": frozenset({"p1", "p3"})},
            {"revenue": Decimal("30.01")},
            {"units": 2},
            {"event_rows": 5},
            {"event_ids": frozenset({"e1", "e2", "e3", "e5"})},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )
    def test_any_wrong_figure_in_the_lake_is_found(self, wrong: dict[str, Any]) -> None:
        assert not holds(lake=replace(LAKE, **wrong))

    def test_a_purchase_that_was_confirmed_and_is_not_there_is_found(self) -> None:
        assert not holds(confirmed_purchases=frozenset({"p1", "p2", "p3"}))

    def test_an_accepted_event_that_is_not_there_is_found(self) -> None:
        assert not holds(accepted=frozenset({"e1", "e2", "e5"}))


class TestDiscrepancies:
    def between(self, books: Books = BOOKS, lake: Lake = LAKE, **told: frozenset[str]) -> object:
        return Discrepancies.between(books, lake, *(TOLD | told).values())

    def test_books_and_lake_that_agree_have_none(self) -> None:
        assert self.between() == Discrepancies(0, 0, 0, 0)

    def test_units_that_were_never_there_are_counted(self) -> None:
        assert self.between(replace(BOOKS, oversold=4)) == Discrepancies(4, 0, 0, 0)

    def test_an_event_that_is_not_in_the_lake_is_lost(self) -> None:
        lake = replace(LAKE, event_rows=3, event_ids=frozenset({"e1", "e3", "e4"}))
        assert self.between(lake=lake) == Discrepancies(0, 1, 0, 0)

    @pytest.mark.parametrize("ids", ["e1 e2 e3 e4", "e1 e2 e3 e4 e5"])
    def test_an_event_there_twice_or_that_nobody_sent_is_doubled(self, ids: str) -> None:
        lake = replace(LAKE, event_rows=5, event_ids=frozenset(ids.split()))
        assert self.between(lake=lake) == Discrepancies(0, 0, 1, 0)

    @pytest.mark.parametrize(
        ("books", "lake", "told"),
        [
            ("p1", "p1", "p1 p2"),
            ("p1 p2 p3", "p1 p2 p3", "p1 p2"),
            ("p1 p2", "p1", "p1 p2"),
            ("p1 p2", "p1 p2 p2", "p1 p2"),
        ],
        ids=["not booked", "booked unasked", "not in the lake", "twice in the lake"],
    )
    def test_a_purchase_that_is_not_everywhere_once_is_counted(
        self, books: str, lake: str, told: str
    ) -> None:
        found = Discrepancies.between(
            replace(BOOKS, purchase_ids=frozenset(books.split())),
            replace(LAKE, purchases=len(lake.split()), purchase_ids=frozenset(lake.split())),
            frozenset(told.split()),
            TOLD["accepted"],
        )
        assert found.purchases_lost_or_doubled == 1


class TestCheck:
    @pytest.mark.parametrize(("value", "holds"), [(499.9, True), (500.0, True), (500.1, False)])
    def test_at_most_includes_the_limit(self, value: float, holds: bool) -> None:
        assert Check.at_most("ms", value, 500.0).holds is holds


class TestSummary:
    def test_the_line_is_what_scripts_read(self) -> None:
        assert SUMMARY.line() == (
            'DEMO {"ok": true, "purchases": 2, "events_accepted": 4, "events_in_lake": 4, '
            '"click_to_pick_ms_p50": 1.5, "click_to_pick_ms_p95": 2.5, "lake_purchases": 2, '
            '"revenue_mysql": "30.00", "revenue_lake": "30.00", "oversold": 0, "seconds": 100.1}'
        )

    def test_the_file_has_the_same_figures(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "summary.json"
        SUMMARY.write(path)
        assert json.loads(path.read_text()) == json.loads(SUMMARY.line().removeprefix("DEMO "))
