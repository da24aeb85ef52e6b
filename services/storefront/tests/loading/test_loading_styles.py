"""Reading styles.csv: every row comes through, is repaired and reported, or is reported."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.loading.new_product import NewProduct
from storefront.loading.styles import (
    HEADER,
    BrokenStylesFileError,
    Fault,
    OddRow,
    StylesRow,
    WrongStylesHeaderError,
    read_styles,
)

FIRST_LINE = ",".join(HEADER)
START = "41,Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Casual,"
SHIRT = NewProduct(
    41, "Men", "Apparel", "Topwear", "Shirts", "Navy Blue", "Fall", 2011, "Casual", "Norvik Shirt"
)
NAMES_WITH_COMMAS = [
    "Lumiva Men Perfume, After Shave Balm and Shower Gel Set",
    "Norvik Men's Yes, it is about me White T-shirt",
    *(f"Hornbeam Men {colour} Tie, Cufflink and Pocket Square Set" for colour in "ABCDEFGHIJKLM"),
    "Cobbleton Unisex White, Blue and Orange Casual Shoes",
    "Zariva Women Gold, Silver and Copper Toned Earrings",
    "Cobbleton Unisex Navy Blue Walk,Laugh,Love Flip-flops",
    "Norvik Mens Be Reasonable,Do It Your Way T-shirt",
    "Norvik Men's Take my advice, I don't use it anyway Black T-shirt",
    "Cobbleton Unisex Green Walk, Rest, Laugh Flip Flops",
    "Ends with a comma,",
]
# A name as a careless writer puts it down: no quote before it, no line end in it.
careless_names = (
    st.text(
        st.characters(codec="utf-8", exclude_characters="\r\n", exclude_categories=["Cs"]),
        min_size=1,
        max_size=255,
    )
    .map(str.strip)
    .filter(lambda name: name not in {"", "NA"} and not name.startswith('"'))
)

Read = Callable[..., list[StylesRow | OddRow]]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("styles") / "styles.csv"


@pytest.fixture(scope="module")
def read(path: Path) -> Read:
    """Return what reads a file of these lines."""

    def _read(*lines: str, header: str = FIRST_LINE, end: str = "\n") -> list[StylesRow | OddRow]:
        path.write_bytes((end.join([header, *lines]) + end).encode())
        return list(read_styles(path))

    return _read


def odd(row: StylesRow | OddRow) -> OddRow:
    assert isinstance(row, OddRow)
    return row


def test_a_row_is_read(read: Read) -> None:
    assert read(START + "Norvik Shirt") == [StylesRow(2, SHIRT)]


def test_each_of_the_22_names_with_unquoted_commas_is_joined_and_reported(read: Read) -> None:
    assert len(NAMES_WITH_COMMAS) == 22
    lines = [START.replace("41", str(i), 1) + name for i, name in enumerate(NAMES_WITH_COMMAS, 1)]
    rows = [odd(row) for row in read(*lines)]
    assert [row.product and row.product.product_display_name for row in rows] == NAMES_WITH_COMMAS
    assert {row.faults for row in rows} == {(Fault.UNQUOTED_COMMA,)}
    assert [row.line_number for row in rows] == list(range(2, 24))


@settings(max_examples=200)
@given(careless_names)
def test_any_unquoted_name_survives(read: Read, name: str) -> None:
    (row,) = read(START + name)
    assert row.product is not None
    assert row.product.product_display_name == name
    assert isinstance(row, OddRow) == ("," in name)


@settings(max_examples=200)
@given(careless_names | st.just('"quoted", and so on'))
def test_any_name_that_was_quoted_properly_is_no_odd_row(read: Read, name: str) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([*START.rstrip(",").split(","), name])
    (row,) = read(line.getvalue())
    assert isinstance(row, StylesRow)
    assert row.product.product_display_name == name


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_no_bytes_after_the_header_raise(path: Path, data: bytes) -> None:
    path.write_bytes(FIRST_LINE.encode() + b"\n" + data)
    for row in read_styles(path):
        assert isinstance(row, OddRow | StylesRow)


@pytest.mark.parametrize("null", ["", "NA", " ", " NA "])
def test_a_null_stays_a_null(read: Read, null: str) -> None:
    (row,) = read(",".join(["41", *[null] * 9]))
    assert row == StylesRow(2, NewProduct(41, *[None] * 9))


@pytest.mark.parametrize("text", ["None", "null", "nan", "N/A", "na", "-", "NA Sports"])
def test_what_only_looks_like_a_null_is_text(read: Read, text: str) -> None:
    (row,) = read(START + text)
    assert row.product is not None
    assert row.product.product_display_name == text


def test_inches_do_not_open_a_quotation(read: Read) -> None:
    first, second = read(START + 'Strivo Tempo 3.5" Short', "42" + START[2:] + "Norvik Shirt")
    assert first.product is not None
    assert first.product.product_display_name == 'Strivo Tempo 3.5" Short'
    assert isinstance(second, StylesRow)


@pytest.mark.parametrize("name", ['Best Of,"Sale', 'Best Of,"Sale", Shirt'])
def test_quotes_within_a_name_do_not_hide_its_commas(read: Read, name: str) -> None:
    row = odd(read(START + name)[0])
    assert row.faults == (Fault.UNQUOTED_COMMA,)
    assert row.product is not None
    assert row.product.product_display_name == name


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("41,Men,Apparel", Fault.TOO_FEW_CELLS),
        ("x" + START[2:] + "Norvik Shirt", Fault.BAD_ID),
        ("0" + START[2:] + "Norvik Shirt", Fault.BAD_ID),
        ("-4" + START[2:] + "Norvik Shirt", Fault.BAD_ID),
        ("4294967296" + START[2:] + "Norvik Shirt", Fault.BAD_ID),
        ("9" * 5_000 + START[2:] + "Norvik Shirt", Fault.BAD_ID),
        ("٤١" + START[2:] + "Norvik Shirt", Fault.BAD_ID),
        (START.replace("Topwear", "Top,wear") + "Norvik Shirt", Fault.MISPLACED_CELLS),
        (START.replace("Men", "M" * 21) + "Norvik Shirt", Fault.MISPLACED_CELLS),
    ],
)
def test_a_row_beyond_repair_is_reported_and_skipped(read: Read, line: str, fault: Fault) -> None:
    row = odd(read(line)[0])
    assert row.product is None
    assert fault in row.faults


@pytest.mark.parametrize("year", ["20121", "12", "next", "-2012", "1899", "2101"])
def test_a_year_that_is_none_becomes_null(read: Read, year: str) -> None:
    row = odd(read(START.replace("2011", year) + "Norvik Shirt")[0])
    assert row.faults == (Fault.BAD_YEAR,)
    assert row.product is not None
    assert row.product.year is None


def test_numbers_as_pandas_saves_them_are_numbers(read: Read) -> None:
    assert read(START.replace("2011", "2011.0") + "Norvik Shirt") == [StylesRow(2, SHIRT)]


def test_a_name_longer_than_the_column_is_cut(read: Read) -> None:
    row = odd(read(START + "N" * 300)[0])
    assert row.faults == (Fault.LONG_NAME,)
    assert row.product is not None
    assert row.product.product_display_name == "N" * 255


def test_the_second_row_of_an_id_is_skipped(read: Read) -> None:
    first, second = read(START + "Norvik Shirt", START + "Corvane, Shirt")
    assert first.product == SHIRT
    assert second == OddRow(3, (Fault.UNQUOTED_COMMA, Fault.DUPLICATE_ID), None)


def test_bytes_that_are_not_utf8_are_replaced(path: Path) -> None:
    path.write_bytes(f"{FIRST_LINE}\n{START}Caf".encode() + b"\xe9 Shirt\n")
    row = odd(next(read_styles(path)))
    assert row.faults == (Fault.NOT_UTF8,)
    assert row.product is not None
    assert row.product.product_display_name == "Caf\ufffd Shirt"


def test_an_odd_row_says_what_was_done(read: Read) -> None:
    joined, skipped = read(START + "Norvik, Shirt", "42,Men")
    assert str(joined) == "line 2: unquoted comma in the name (joined)"
    assert str(skipped) == "line 3: too few cells (row skipped)"


def test_windows_line_ends_blank_lines_and_a_bom_change_nothing(read: Read) -> None:
    rows = read("", START + "Norvik Shirt", "  ", header="\ufeff" + FIRST_LINE, end="\r\n")
    assert rows == [StylesRow(3, SHIRT)]


def test_a_gzipped_file_is_unpacked_whatever_it_is_called(path: Path) -> None:
    path.write_bytes(gzip.compress(f"{FIRST_LINE}\n{START}Norvik Shirt\n".encode()))
    assert list(read_styles(path)) == [StylesRow(2, SHIRT)]


@pytest.mark.parametrize("header", ["", "id;gender", "id,gender,masterCategory", "\x00" * 300])
def test_another_files_header_is_an_error_that_says_so(read: Read, header: str) -> None:
    with pytest.raises(WrongStylesHeaderError, match=r"styles\.csv must begin with 'id,gender"):
        read(START + "Norvik Shirt", header=header)


@pytest.fixture(params=["missing", "a folder", "cut off", "damaged"])
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a path from which no whole file can be read."""
    path = tmp_path / "styles.csv"
    packed = gzip.compress(f"{FIRST_LINE}\n{START}Norvik Shirt\n".encode() * 2_000)
    match request.param:
        case "a folder":
            path.mkdir()
        case "cut off":
            path.write_bytes(packed[:-20])
        case "damaged":
            path.write_bytes(packed[:40] + b"\xff" * 40 + packed[80:])
    return path


def test_a_file_that_cannot_be_read_is_an_error_that_says_so(broken: Path) -> None:
    with pytest.raises(BrokenStylesFileError, match=r"styles\.csv cannot be read to its end"):
        list(read_styles(broken))
