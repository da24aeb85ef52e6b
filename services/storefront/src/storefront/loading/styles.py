"""Read the Kaggle catalogue file styles.csv row by row, whatever state its rows are in.

ShopError
+-- UnprocessableError
    +-- StylesFileError
        +-- WrongStylesHeaderError   the first line is another file's
        +-- BrokenStylesFileError    the file cannot be read to its end
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from enum import StrEnum
from io import BufferedIOBase
from pathlib import Path
from typing import Final

from sqlalchemy import String

from fashion_kit.errors import UnprocessableError
from storefront.loading.new_product import NewProduct
from storefront.models import Product

HEADER: Final = (
    "id",
    "gender",
    "masterCategory",
    "subCategory",
    "articleType",
    "baseColour",
    "season",
    "year",
    "usage",
    "productDisplayName",
)
# Nothing else is a null: `None`, `null` or `nan` would be what somebody called a product.
NULLS: Final = {"", "NA"}
YEARS: Final = range(1900, 2101)
IDS: Final = range(1, 2**32)  # what MySQL's INTEGER UNSIGNED holds
_COLUMNS = tuple(field.name for field in fields(NewProduct))
_LENGTHS = {
    column.name: column.type.length
    for column in Product.__table__.columns
    if isinstance(column.type, String) and column.type.length is not None
}
_MOST_DIGITS = len(str(IDS.stop))
_GZIP_MAGIC = b"\x1f\x8b"
_LONGEST_HEADER = 10_000


class StylesFileError(UnprocessableError):
    """Raised when a file is no readable styles.csv; a bad row never raises."""


class WrongStylesHeaderError(StylesFileError):
    """Raised when the first line does not name the Kaggle columns."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"{path.name} must begin with {','.join(HEADER)!r} but begins with {found[:200]!r}."
        )


class BrokenStylesFileError(StylesFileError):
    """Raised when the file is missing, may not be read, or ends inside its compression."""

    def __init__(self, path: Path, cause: Exception) -> None:
        super().__init__(f"{path.name} cannot be read to its end: {cause}.")


class Fault(StrEnum):
    """What is odd about a row."""

    UNQUOTED_COMMA = "unquoted comma in the name"
    NOT_UTF8 = "bytes that are not UTF-8"
    BAD_YEAR = "a year that is none"
    LONG_NAME = "a name longer than the column"
    TOO_FEW_CELLS = "too few cells"
    MISPLACED_CELLS = "cells in the wrong columns"
    BAD_ID = "an id that is none"
    DUPLICATE_ID = "an id that an earlier row has"


REPAIRS: Final = {
    Fault.UNQUOTED_COMMA: "joined",
    Fault.NOT_UTF8: "replaced by the replacement character",
    Fault.BAD_YEAR: "made null",
    Fault.LONG_NAME: "cut",
}
"""What was done about the faults that cost a row nothing worse; with any other it is skipped."""


@dataclass(frozen=True, slots=True)
class StylesRow:
    """A row as it should be."""

    line_number: int
    product: NewProduct


@dataclass(frozen=True, slots=True)
class OddRow:
    """A row that was repaired or, without a product, skipped."""

    line_number: int
    faults: tuple[Fault, ...]
    product: NewProduct | None

    def __str__(self) -> str:
        """Return one sentence for people."""
        told = ", ".join(f"{fault} ({remedy(fault)})" for fault in self.faults)
        return f"line {self.line_number}: {told}"


def remedy(fault: Fault) -> str:
    """Return what was done about the fault."""
    return REPAIRS.get(fault, "row skipped")


def forget_position(_: int) -> None:
    """Tell nobody how far the file is read."""


def read_styles(
    path: Path, on_position: Callable[[int], None] = forget_position
) -> Iterator[StylesRow | OddRow]:
    """Yield every row of the file, plain or gzipped; only an unreadable file raises.

    Before each row `on_position` is told how many of the file's bytes were read up to here.
    """
    seen: set[int] = set()
    with _open(path) as (file, packed):
        _check_header(path, file.readline(_LONGEST_HEADER))
        for line_number, line in enumerate(file, start=2):
            if line.strip():
                row = _row(line_number, line)
                on_position(packed.tell())
                yield _first_of_its_id(row, seen)


@contextmanager
def _open(path: Path) -> Iterator[tuple[BufferedIOBase, BufferedIOBase]]:
    """Open the file, and yield what it says beside the file as it lies on the disk."""
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            if not is_gzip:
                yield file, file
                return
            with gzip.open(file) as unpacked:
                yield unpacked, file
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenStylesFileError(path, error) from error


def _check_header(path: Path, line: bytes) -> None:
    found = line.decode("utf-8-sig", errors="replace").strip()
    if [name.strip(' "') for name in found.split(",")] != list(HEADER):
        raise WrongStylesHeaderError(path, found)


def _first_of_its_id(row: StylesRow | OddRow, seen: set[int]) -> StylesRow | OddRow:
    if row.product is None:
        return row
    if row.product.id in seen:
        faults = row.faults if isinstance(row, OddRow) else ()
        return OddRow(row.line_number, (*faults, Fault.DUPLICATE_ID), None)
    seen.add(row.product.id)
    return row


def _row(line_number: int, line: bytes) -> StylesRow | OddRow:
    faults: list[Fault] = []
    product = _product(_cells(_text(line, faults), faults), faults)
    if product is not None and not faults:
        return StylesRow(line_number, product)
    return OddRow(line_number, tuple(faults), product)


def _text(line: bytes, faults: list[Fault]) -> str:
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        faults.append(Fault.NOT_UTF8)
        return line.decode(errors="replace").rstrip("\r\n")


def _cells(text: str, faults: list[Fault]) -> list[str]:
    """Return the row's cells: quoted as CSV asks, else all that follows the ninth comma is name."""
    if ',"' in text:
        quoted = _quoted_cells(text)
        if len(quoted) == len(HEADER):
            return quoted
    cells = text.split(",", len(HEADER) - 1)
    if "," in cells[-1]:
        faults.append(Fault.UNQUOTED_COMMA)
    return cells


def _quoted_cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return []


def _product(cells: list[str], faults: list[Fault]) -> NewProduct | None:
    """Return the row's product, or None and the fault that nothing can be done about."""
    if len(cells) != len(HEADER):
        faults.append(Fault.TOO_FEW_CELLS)
        return None
    values = dict(zip(_COLUMNS, map(_value, cells), strict=True))
    product_id = _number(values.pop("id"), IDS)
    written_year = values.pop("year")
    year = _number(written_year, YEARS)
    if product_id is None:
        faults.append(Fault.BAD_ID)
        return None
    if year is None and written_year is not None:
        faults.append(Fault.BAD_YEAR)
    _cut_name(values, faults)
    if _is_shifted(values, faults):
        faults.append(Fault.MISPLACED_CELLS)
        return None
    return NewProduct(id=product_id, year=year, **values)


def _value(cell: str) -> str | None:
    text = cell.strip()
    return None if text in NULLS else text


def _number(text: str | None, allowed: range) -> int | None:
    """Return the whole number if it is one of the allowed; `2012.0` is how pandas writes 2012."""
    digits = (text or "").removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        return None
    number = int(digits)
    return number if number in allowed else None


def _cut_name(values: dict[str, str | None], faults: list[Fault]) -> None:
    name = values["product_display_name"]
    if name is not None and len(name) > _LENGTHS["product_display_name"]:
        faults.append(Fault.LONG_NAME)
        values["product_display_name"] = name[: _LENGTHS["product_display_name"]]


def _is_shifted(values: dict[str, str | None], faults: list[Fault]) -> bool:
    """Say whether the cells stand under the wrong names: a comma too many, but not in the name."""
    if Fault.UNQUOTED_COMMA in faults and Fault.BAD_YEAR in faults:
        return True
    return any(len(value or "") > _LENGTHS[column] for column, value in values.items())
