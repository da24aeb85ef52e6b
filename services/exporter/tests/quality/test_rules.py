"""Each rule finds what breaks it, in whatever pieces and order the rows come."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import QualityError
from exporter.lake.tables import as_batch
from exporter.quality import checks, sums
from exporter.quality.gate import Gate
from exporter.quality.rules import COUNTS_AND_SUMS, RULES, Interval
from fashion_contracts.lake import (
    BAD_EVENTS,
    EVENTS,
    PRODUCTS,
    PURCHASE_LINES,
    PURCHASES,
    USERS,
    ColumnType,
    Table,
)

README = Path(__file__).parents[2] / "README.md"
DAY = date(2026, 11, 22)
START = datetime(2026, 11, 21, 17, tzinfo=UTC)
INTERVAL = Interval(START, START + timedelta(days=1))
TICK = timedelta(microseconds=1)
FILLERS: dict[ColumnType, Any] = {
    ColumnType.STRING: "x",
    ColumnType.INT: 1,
    ColumnType.LONG: 1,
    ColumnType.BOOLEAN: True,
    ColumnType.DATE: DAY,
    ColumnType.INSTANT: START,
    ColumnType.MONEY: Decimal("10.00"),
}

Rows = dict[Table, list[dict[str, Any]]]


def row(table: Table, **given: Any) -> dict[str, Any]:
    return {column.name: FILLERS[column.type] for column in table.columns} | given


def good_day() -> Rows:
    return {
        PRODUCTS: [row(PRODUCTS, id=number) for number in (1, 2)],
        USERS: [row(USERS, user_key=key) for key in ("b", "a")],
        PURCHASES: [
            row(PURCHASES, id="P1", user_key="a", subtotal=Decimal("20.00"), line_count=2),
            row(PURCHASES, id="P2", user_key="b"),
        ],
        PURCHASE_LINES: [
            row(PURCHASE_LINES, purchase_id="P1", line_number=1, product_id=1),
            row(PURCHASE_LINES, purchase_id="P1", line_number=2, product_id=2),
            row(PURCHASE_LINES, purchase_id="P2", line_number=1, product_id=1),
        ],
        EVENTS: [row(EVENTS, event_id=each) for each in ("e2", "e1")],
        BAD_EVENTS: [row(BAD_EVENTS, line_number=number) for number in (2, 1)],
    }


def broken_by(rows: Rows) -> dict[str, tuple[str, ...]]:
    """Return the rules that the rows break, with the keys shown."""
    gate = Gate(INTERVAL)
    try:
        for table, some in rows.items():
            list(gate.watch(table, [as_batch(table, some)]))
        gate.close()
    except QualityError as error:
        return {rule.name: rule.keys for rule in error.broken}
    return {}


def change(table: Table, index: int, **values: Any) -> Callable[[Rows], None]:
    return lambda rows: rows[table][index].update(values)


def repeat(table: Table) -> Callable[[Rows], None]:
    return lambda rows: rows[table].append(dict(rows[table][-1]))


def remove(table: Table, index: int) -> Callable[[Rows], None]:
    return lambda rows: rows[table].__delitem__(index)


LESS = Decimal("-0.01")
BREAKS: dict[str, tuple[Callable[[Rows], None], tuple[str, ...]]] = {
    "purchases_complete": (change(PURCHASES, 1, status=None), ("P2",)),
    "purchase_lines_complete": (change(PURCHASE_LINES, 2, currency=None), ("P2",)),
    "products_complete": (change(PRODUCTS, 1, price=None), ("2",)),
    "users_complete": (change(USERS, 0, registered_at=None), ()),
    "events_complete": (change(EVENTS, 0, session_id=None), ()),
    "bad_events_complete": (change(BAD_EVENTS, 0, reason=None), ()),
    "purchases_keys_unique": (repeat(PURCHASES), ("P2",)),
    "purchase_lines_keys_unique": (repeat(PURCHASE_LINES), ("P2",)),
    "products_keys_unique": (repeat(PRODUCTS), ("2",)),
    "users_keys_unique": (repeat(USERS), ()),
    "events_keys_unique": (repeat(EVENTS), ()),
    "bad_events_keys_unique": (repeat(BAD_EVENTS), ()),
    "purchases_of_the_day": (change(PURCHASES, 0, purchased_at=START - TICK), ("P1",)),
    "purchase_lines_of_the_day": (change(PURCHASE_LINES, 0, purchased_at=INTERVAL.end), ("P1",)),
    "events_of_the_day": (change(EVENTS, 0, received_at=INTERVAL.end), ()),
    "purchases_money_not_negative": (change(PURCHASES, 0, tax=LESS), ("P1",)),
    "purchase_lines_money_not_negative": (change(PURCHASE_LINES, 2, unit_price=LESS), ("P2",)),
    "products_money_not_negative": (change(PRODUCTS, 0, price=LESS), ("1",)),
    "events_money_not_negative": (change(EVENTS, 0, price=LESS), ()),
    "lines_exact": (change(PURCHASE_LINES, 1, quantity=2), ("P1",)),
    "lines_add_up": (change(PURCHASES, 0, subtotal=Decimal("20.01")), ("P1",)),
    "lines_have_a_purchase": (remove(PURCHASES, 0), ("P1",)),
    "lines_have_a_product": (remove(PRODUCTS, 1), ("P1",)),
    "purchases_have_a_user": (remove(USERS, 0), ("P2",)),
}


@pytest.fixture
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rows be looked up as soon as three wait."""
    monkeypatch.setattr(checks, "LOOKUP_ROWS", 3)
    monkeypatch.setattr(sums, "LOOKUP_ROWS", 3)


def test_a_good_day_breaks_no_rule() -> None:
    assert broken_by(good_day()) == {}


def test_what_is_not_required_may_be_null() -> None:
    day = good_day()
    for table, rows in day.items():
        for column in table.columns:
            if not column.required:
                rows[0][column.name] = None

    assert broken_by(day) == {}


@pytest.mark.parametrize("name", BREAKS)
def test_a_rule_finds_what_breaks_it_and_names_no_shopper(name: str) -> None:
    break_it, keys = BREAKS[name]
    day = good_day()
    break_it(day)

    assert broken_by(day)[name] == keys


def test_every_rule_is_broken_by_a_test() -> None:
    assert {*BREAKS, COUNTS_AND_SUMS.name} == {rule.name for rule in RULES}


def test_the_readme_lists_the_rules_as_they_are() -> None:
    listed = [
        f"| `{rule.name}` | {f'`{rule.table.name}`' if rule.table else 'all'} | {rule.says} |"
        for rule in RULES
    ]
    rows = README.read_text().split("| rule | table | what it says |\n|---|---|---|\n")[1]

    assert rows.split("\n\n")[0].splitlines() == listed


def test_a_batch_that_cannot_be_written_is_stopped_before_it_is_passed_on() -> None:
    gate = Gate(INTERVAL)
    bad = as_batch(PRODUCTS, [row(PRODUCTS, currency=None)])

    with pytest.raises(QualityError, match=r"products_complete is broken by 1 rows, such as 1\."):
        next(gate.watch(PRODUCTS, [bad]))


def test_at_most_five_keys_are_shown_and_all_rows_counted() -> None:
    gate = Gate(INTERVAL)
    for number in range(3):
        rows = [row(PRODUCTS, id=10 * number + each, price=LESS) for each in range(4)]
        gate.see(PRODUCTS, as_batch(PRODUCTS, rows))

    with pytest.raises(QualityError) as caught:
        gate.close()

    (broken,) = caught.value.broken
    assert (broken.rows, broken.keys) == (12, ("0", "1", "2", "3", "10"))


def test_rows_are_told_as_they_pass() -> None:
    told: list[tuple[str, int]] = []
    gate = Gate(INTERVAL, on_rows=lambda table, rows: told.append((table, rows)))

    list(gate.watch(PRODUCTS, [as_batch(PRODUCTS, good_day()[PRODUCTS])]))

    assert told == [("products", 0), ("products", 2)]


def pieces(rows: list[Any], cuts: set[int]) -> Iterator[list[Any]]:
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(rows)), len(rows)]
    return (rows[a:b] for a, b in pairwise(edges))


@given(data=st.data())
@settings(max_examples=60)
def test_however_rows_are_cut_and_mixed_the_same_ones_are_wrong(
    data: st.DataObject,
) -> None:
    purchases = data.draw(st.sets(st.integers(0, 12)))
    lines = data.draw(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), unique=True))
    off = data.draw(st.sets(st.integers(0, 12)))
    lines.sort()
    counts = {each: [p for p, _ in lines].count(each) for each in purchases}
    bought = [
        row(
            PURCHASES,
            id=f"{each:02}",
            user_key="a",
            subtotal=Decimal("10.00") * counts[each] + (each in off),
            line_count=counts[each],
        )
        for each in sorted(purchases)
    ]
    parts = [row(PURCHASE_LINES, purchase_id=f"{p:02}", line_number=n) for p, n in lines]
    cuts = st.sets(st.integers(0, 40))
    streams = [
        [(PURCHASES, some) for some in pieces(bought, data.draw(cuts))],
        [(PURCHASE_LINES, some) for some in pieces(parts, data.draw(cuts))],
    ]
    found: dict[str, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "LOOKUP_ROWS", 3)
        patch.setattr(sums, "LOOKUP_ROWS", 3)
        gate = Gate(INTERVAL, rules=[rule for rule in RULES if rule.name.startswith("lines_")])
        gate.see(PRODUCTS, as_batch(PRODUCTS, [row(PRODUCTS)]))
        while any(streams):
            stream = data.draw(st.sampled_from([each for each in streams if each]))
            table, some = stream.pop(0)
            gate.see(table, as_batch(table, some))
        try:
            gate.close()
        except QualityError as error:
            found = {rule.name: rule.rows for rule in error.broken}

    orphans = sum(p not in purchases for p, _ in lines)
    wrong = len(purchases & off)
    expected = {"lines_have_a_purchase": orphans, "lines_add_up": wrong}
    assert found == {name: rows for name, rows in expected.items() if rows}


@pytest.mark.usefixtures("few_at_a_time")
def test_little_is_kept_of_pages_whose_purchases_and_lines_come_together() -> None:
    gate = Gate(INTERVAL)
    gate.see(PRODUCTS, as_batch(PRODUCTS, [row(PRODUCTS)]))
    gate.see(USERS, as_batch(USERS, [row(USERS)]))
    kept = []
    for number in range(100):
        ids = [f"{number:03}{each}" for each in range(5)]
        gate.see(PURCHASES, as_batch(PURCHASES, [row(PURCHASES, id=each) for each in ids]))
        lines = [row(PURCHASE_LINES, purchase_id=each) for each in ids]
        gate.see(PURCHASE_LINES, as_batch(PURCHASE_LINES, lines))
        kept.append(pa.total_allocated_bytes())

    gate.close()
    # All hundred pages would be ten times as much as the first ten.
    assert max(kept) <= 4 * max(kept[:10])
