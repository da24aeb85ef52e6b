"""Cleaning: what the lake is allowed to see of a row."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.amounts import money
from exporter.books.clean import product, purchase, purchase_line, user
from exporter.books.rows import LineRow, ProductRow, PurchaseRow, UserRow
from exporter.events.clean import event
from exporter.privacy import Pseudonyms, search_text, text
from fashion_contracts.events import Interaction
from fashion_contracts.lake import EVENTS, PRODUCTS, PURCHASE_LINES, PURCHASES, USERS, Table

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12)  # noqa: DTZ001 - as MySQL keeps it
KEYS = Pseudonyms(b"a secret of some length")
PRICE = Decimal("9.90")
INTERACTION = Interaction.model_validate(
    {
        "event_id": "e-1",
        "type": "search",
        "anonymous_id": "anon-1",
        "session_id": "visit-1",
        "query": "red   shirt",
        "event_time": "2026-11-22T12:00:00+07:00",
        "received_at": "2026-11-22T05:00:01Z",
        "page": {"url": "https://shop.example/?email=someone@mailbox.example"},
        "context": {"user_agent": "Unmistakable/1.0"},
    }
)
CLEANED: list[tuple[Table, dict[str, object]]] = [
    (PURCHASES, purchase(PurchaseRow("p", "u", "placed", PRICE, "INR", 1, NOON, NOON), KEYS, DAY)),
    (
        PURCHASE_LINES,
        purchase_line(LineRow("p", 1, "u", 7, 1, PRICE, PRICE, "INR", NOON), KEYS, DAY),
    ),
    (
        PRODUCTS,
        product(ProductRow._make((7, *[None] * 8, " Blue  shirt ", PRICE, "INR", 3, 1, NOON))),
    ),
    (USERS, user(UserRow("u", "f", 1990, NOON), KEYS)),
    (EVENTS, event(INTERACTION, KEYS, DAY)),
]


@pytest.mark.parametrize(("table", "row"), CLEANED, ids=lambda value: getattr(value, "name", ""))
def test_a_cleaned_row_has_exactly_the_columns_of_its_table(
    table: Table, row: dict[str, object]
) -> None:
    assert list(row) == [column.name for column in table.columns]


@pytest.mark.parametrize(("table", "row"), CLEANED, ids=lambda value: getattr(value, "name", ""))
def test_only_columns_that_may_be_null_are_null(table: Table, row: dict[str, object]) -> None:
    required = {column.name for column in table.columns if column.required}

    assert {name for name, value in row.items() if value is None} & required == set()


def test_a_user_has_the_same_pseudonym_wherever_they_appear() -> None:
    bought = purchase(PurchaseRow("p", "u", "placed", PRICE, "INR", 1, NOON, NOON), KEYS, DAY)
    clicked = event(
        INTERACTION.model_copy(update={"user_id": "u", "anonymous_id": "anon-1"}), KEYS, DAY
    )

    registered = user(UserRow("u", None, None, NOON), KEYS)
    assert bought["user_key"] == clicked["shopper_key"] == registered["user_key"]


def test_an_anonymous_id_never_gets_a_users_pseudonym() -> None:
    assert KEYS.of_user("same") != KEYS.of_anonymous("same")


def test_another_key_gives_another_pseudonym() -> None:
    assert KEYS.of_user("u") != Pseudonyms(b"another secret").of_user("u")


@given(st.text(max_size=64))
def test_a_pseudonym_tells_nothing_of_the_id(user_id: str) -> None:
    pseudonym = KEYS.of_user(user_id)

    assert len(pseudonym) == 32
    assert len(user_id) < 3 or user_id not in pseudonym


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [(None, None), ("", None), ("  ", None), (" a \t b\n", "a b"), ("e\u0301", "é"), ("NA", "NA")],
)
def test_text_is_tidied_and_a_null_stays_a_null(
    given_text: str | None, expected: str | None
) -> None:
    assert text(given_text) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("nike air 2012 size 42", "nike air 2012 size 42"),
        ("jane.doe@mailbox.example shirt", "[email] shirt"),
        ("call +84 90 555 12 34 now", "call [number] now"),
        ("0905551234", "[number]"),
        (None, None),
    ],
)
def test_a_search_keeps_no_address_and_no_telephone(
    query: str | None, expected: str | None
) -> None:
    assert search_text(query) == expected


@given(st.decimals("0", "9999999999.99", places=2))
def test_money_is_kept_to_the_cent(amount: Decimal) -> None:
    assert money(amount) == amount
    assert money(amount).as_tuple().exponent == -2


def test_money_with_a_third_decimal_is_refused_rather_than_rounded() -> None:
    with pytest.raises(ValueError, match="more than two decimals"):
        money(Decimal("0.005"))


def test_an_instant_is_aware_utc() -> None:
    row = user(UserRow("u", None, None, NOON), KEYS)

    assert row["registered_at"] == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_sex", "expected"), [("m", "M"), (" F", "F"), ("x", None), (None, None)]
)
def test_sex_is_m_or_f_or_unknown(given_sex: str | None, expected: str | None) -> None:
    assert user(UserRow("u", given_sex, None, NOON), KEYS)["sex"] == expected


def test_an_event_leaves_page_and_browser_behind() -> None:
    row: dict[str, Any] = event(INTERACTION, KEYS, DAY)

    assert "mailbox" not in str(row)
    assert "Unmistakable" not in str(row)
