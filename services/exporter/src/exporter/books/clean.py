"""From a page of the books to the lake's rows: one function for each table, by whole columns.

A null stays a null, text is trimmed, instants become aware UTC, and an id that leads to a person
becomes a pseudonym. Money is exact already: the page was read as decimals of two places.
"""

import re
from datetime import date
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exporter.lake.tables import arrow_schema
from exporter.privacy import Pseudonyms, text
from exporter.textual import each_once, pair_once
from fashion_contracts.lake import PRODUCTS, PURCHASE_LINES, PURCHASES, USERS, Table

# The first age of each band; below the first one is a band of its own.
_BANDS = (18, 25, 35, 45, 55, 65)
_POSTAL_CODE = re.compile(r"(?:\b|-)\d[-\w]*")


def purchases(
    page: pa.RecordBatch, lines: pa.RecordBatch, pseudonyms: Pseudonyms, day: date
) -> pa.RecordBatch:
    """Return purchases as the lake keeps them, each with the number of its lines."""
    counted = pc.value_counts(lines["purchase_id"])
    found = pc.index_in(page["id"], counted.field("values"))
    return _rows(
        PURCHASES,
        page,
        user_key=each_once(page["user_id"], pseudonyms.of_user),
        line_count=counted.field("counts").take(found).fill_null(0),
        business_day=_repeated(day, page),
    )


def purchase_lines(page: pa.RecordBatch, purchases: pa.RecordBatch, day: date) -> pa.RecordBatch:
    """Return lines as the lake keeps them, with what they share with their cleaned purchases."""
    of = pc.index_in(page["purchase_id"], purchases["id"])
    shared = {name: purchases[name].take(of) for name in ("user_key", "currency", "purchased_at")}
    return _rows(PURCHASE_LINES, page, **shared, business_day=_repeated(day, page))


def products(page: pa.RecordBatch) -> pa.RecordBatch:
    """Return products as the lake keeps them."""
    texts = [field.name for field in page.schema if field.type == pa.string()]
    return _rows(PRODUCTS, page, **{name: each_once(page[name], text) for name in texts})


def users(page: pa.RecordBatch, pseudonyms: Pseudonyms) -> pa.RecordBatch:
    """Return users as the lake keeps them: a pseudonym, and what does not name a person."""
    city, country = pair_once(page["place"], city_and_country)
    return _rows(
        USERS,
        page,
        user_key=each_once(page["id"], pseudonyms.of_user),
        sex=each_once(page["sex"], _sex),
        age_band=each_once(page["age"], age_band),
        city=city,
        country=country,
        registered_at=page["created_at"],
    )


def age_band(age: int) -> str | None:
    """Return the band of an age, such as 25-34; an age that nobody has is not known."""
    if not 0 <= age < 120:
        return None
    if age < _BANDS[0]:
        return f"under {_BANDS[0]}"
    for first, following in pairwise(_BANDS):
        if age < following:
            return f"{first}-{following - 1}"
    return f"{_BANDS[-1]}+"


def city_and_country(place: str) -> tuple[str | None, str | None]:
    """Return city and country of an address's last two parts, postal codes left out.

    Where the last part has a digit it is no country, and nothing is certain about the other.
    """
    city, _, country = place.partition(",")
    if _POSTAL_CODE.search(country):
        return None, None
    return text(_POSTAL_CODE.sub("", city)), text(country)


def _sex(value: str) -> str | None:
    letter = (text(value) or "").upper()
    return letter if letter in {"M", "F"} else None


def _rows(table: Table, page: pa.RecordBatch, **columns: "pa.Array[Any]") -> pa.RecordBatch:
    """Return the table's columns: those given, and the page's own as they are."""
    schema = arrow_schema(table)
    # An instant without a zone is read as UTC, which is what the shop's MySQL keeps.
    values = [
        (columns[field.name] if field.name in columns else page[field.name]).cast(field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(values, schema=schema)


def _repeated(day: date, page: pa.RecordBatch) -> "pa.Array[Any]":
    return pa.repeat(pa.scalar(day, pa.date32()), page.num_rows)
