"""Cursors: each stands for one key, and nothing else is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_kit.paging import InvalidCursorError, cut_page, decode_cursor, encode_cursor

NUMBER = r"[0-9]{1,10}"


@given(st.integers(0, 9_999_999_999).map(str))
def test_a_cursor_stands_for_its_key(key: str) -> None:
    assert decode_cursor(encode_cursor(key), pattern=NUMBER) == key


@given(st.text(max_size=40))
def test_any_other_text_is_refused_or_is_the_cursor_of_a_key(text: str) -> None:
    try:
        key = decode_cursor(text, pattern=NUMBER)
    except InvalidCursorError:
        return
    assert encode_cursor(key) == text


@pytest.mark.parametrize("key", ["", "-1", "12345678901", "one", "1 OR 1=1"])
def test_a_key_of_another_kind_is_refused(key: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(encode_cursor(key), pattern=NUMBER)


@given(st.integers(0, 60), st.integers(1, 20))
def test_walking_the_pages_meets_every_row_once(count: int, size: int) -> None:
    rows = [str(number) for number in range(count)]
    met: list[str] = []
    cursor: str | None = None
    while True:
        after = 0 if cursor is None else int(decode_cursor(cursor, pattern=NUMBER)) + 1
        page, cursor = cut_page(rows[after : after + size + 1], size, key=str)
        met += page
        if cursor is None:
            break
    assert met == rows
