"""Cleaning: what the lake is allowed to see of a row."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.amounts import money
from exporter.books import clean
from exporter.books.clean import age_band, city_and_country
from exporter.books.selects import LINES
from exporter.books.selects import PRODUCTS as PRODUCTS_PAGE
from exporter.books.selects import PURCHASES as PURCHASES_PAGE
from exporter.books.selects import USERS as USERS_PAGE
from exporter.events.clean import event
from exporter.privacy import Pseudonyms, search_text, text
from fashion_contracts.events import Interaction

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
PAGE = pa.RecordBatch.from_pylist(
    [
        {"id": "p1", "user_id": "u1", "status": "placed", "currency": "INR"}
        | dict.fromkeys(("subtotal", "total"), Decimal("19.80"))
        | dict.fromkeys(("shipping", "tax"), Decimal(0))
        | dict.fromkeys(("purchased_at", "updated_at"), NOON),
        {"id": "p2", "user_id": "u1", "status": "paid", "currency": "INR"}
        | dict.fromkeys(("subtotal", "total"), Decimal("9.90"))
        | dict.fromkeys(("shipping", "tax"), Decimal(0))
        | dict.fromkeys(("purchased_at", "updated_at"), NOON),
    ],
    PURCHASES_PAGE.schema,
)
LINES_PAGE = pa.RecordBatch.from_pylist(
    [
        {"purchase_id": purchase, "line_number": number, "product_id": 7, "quantity": 1}
        | dict.fromkeys(("unit_price", "line_total"), PRICE)
        for purchase, number in (("p2", 1), ("p1", 1), ("p1", 2))
    ],
    LINES.all.schema,
)


def user(**fields: Any) -> dict[str, Any]:
    """Return a cleaned user, of whom nothing is known but what is given."""
    page = pa.RecordBatch.from_pylist(
        [{"id": "u1", "created_at": NOON} | fields], USERS_PAGE.schema
    )
    (cleaned,) = clean.users(page, KEYS).to_pylist()
    return dict(cleaned)


def test_a_purchase_knows_how_many_lines_it_has() -> None:
    rows = clean.purchases(PAGE, LINES_PAGE, KEYS, DAY).to_pylist()

    assert [(row["id"], row["line_count"]) for row in rows] == [("p1", 2), ("p2", 1)]
    assert {row["business_day"] for row in rows} == {DAY}


def test_a_line_has_buyer_currency_and_instant_of_its_purchase() -> None:
    bought = clean.purchases(PAGE, LINES_PAGE, KEYS, DAY)

    rows = clean.purchase_lines(LINES_PAGE, bought, DAY).to_pylist()

    assert [row["purchase_id"] for row in rows] == ["p2", "p1", "p1"]
    assert {(row["user_key"], row["currency"]) for row in rows} == {(KEYS.of_user("u1"), "INR")}
    assert {row["purchased_at"] for row in rows} == {NOON.replace(tzinfo=UTC)}


def test_a_user_has_the_same_pseudonym_wherever_they_appear() -> None:
    bought = clean.purchases(PAGE, LINES_PAGE, KEYS, DAY).to_pylist()[0]
    clicked = event(
        INTERACTION.model_copy(update={"user_id": "u1", "anonymous_id": "anon-1"}), KEYS, DAY
    )

    assert bought["user_key"] == clicked["shopper_key"] == user()["user_key"]


def test_a_products_texts_are_tidied_and_its_nulls_stay_nulls() -> None:
    given = {"id": 7, "product_display_name": " Blue  shirt ", "season": None, "usage": ""}
    page = pa.RecordBatch.from_pylist(
        [
            given
            | {"price": PRICE, "currency": "INR", "stock": 3, "is_active": True, "updated_at": NOON}
        ],
        PRODUCTS_PAGE.schema,
    )

    (row,) = clean.products(page).to_pylist()

    assert (row["product_display_name"], row["season"], row["usage"]) == ("Blue shirt", None, None)


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
    assert user()["registered_at"] == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_sex", "expected"), [("m", "M"), (" F", "F"), ("x", None), (None, None)]
)
def test_sex_is_m_or_f_or_unknown(given_sex: str | None, expected: str | None) -> None:
    assert user(sex=given_sex)["sex"] == expected


def test_an_event_leaves_page_and_browser_behind() -> None:
    row: dict[str, Any] = event(INTERACTION, KEYS, DAY)

    assert "mailbox" not in str(row)
    assert "Unmistakable" not in str(row)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (-1, None),
        (0, "under 18"),
        (17, "under 18"),
        (18, "18-24"),
        (24, "18-24"),
        (25, "25-34"),
        (64, "55-64"),
        (65, "65+"),
        (119, "65+"),
        (120, None),
    ],
)
def test_an_age_is_known_by_its_band_only(age: int, expected: str | None) -> None:
    assert age_band(age) == expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (" Da Nang 550000, Vietnam", ("Da Nang", "Vietnam")),
        (" 70173 Stuttgart , Germany ", ("Stuttgart", "Germany")),
        (" Jalandhar-737167, India", ("Jalandhar", "India")),
        (" Dasgupta Nagar, Jalandhar 737167", (None, None)),
        (" ,", (None, None)),
    ],
)
def test_of_an_address_city_and_country_stay(
    place: str, expected: tuple[str | None, str | None]
) -> None:
    assert city_and_country(place) == expected
