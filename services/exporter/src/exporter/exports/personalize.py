"""Amazon Personalize's files: what shoppers did, with which items, and who they are like.

Purchases are those of the books, cancelled ones left out; everything else is what shoppers' events
tell. Batch by batch, so that a year takes no more memory than a day.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

from exporter.exports import datasets
from exporter.exports.sink import Folder
from exporter.exports.source import MICROSECONDS, Period, Source, happened, microseconds
from fashion_contracts.events import EventType
from fashion_contracts.lake import EVENTS, PRODUCTS, PURCHASE_LINES, PURCHASES, USERS

EVENT_TYPES: Final = {
    EventType.PRODUCT_VIEW: "View",
    EventType.LIST_CLICK: "Click",
    EventType.ADD_TO_CART: "AddToCart",
}
PURCHASE: Final = "Purchase"
CANCELLED: Final = "cancelled"
NO_CATEGORY: Final = "Unknown"

_OPTIONS: Final = csv.WriteOptions(include_header=False)


def export_personalize(source: Source, folder: Folder, period: Period) -> dict[str, int]:
    """Write the three data sets and their schemas; return each file's rows."""
    folder.begin()
    written = {
        datasets.INTERACTIONS: _interactions(source, period),
        datasets.ITEMS: _items(source),
        datasets.USERS: _users(source),
    }
    rows = {}
    for dataset, batches in written.items():
        folder.write_json(dataset.schema_file, dataset.to_avro())
        rows[dataset.file] = folder.write_rows(dataset.file, dataset.to_arrow(), batches, _OPTIONS)
    folder.finish({"from": str(period.first), "to": str(period.last), "rows": rows})
    return rows


def _interactions(source: Source, period: Period) -> Iterator[pa.RecordBatch]:
    for day in period.days():
        yield from _purchases(source, day)
        yield from _acts(source, day)


def _purchases(source: Source, day: date) -> Iterator[pa.RecordBatch]:
    of_day = f"business_day = '{day}'"
    cancelled = pa.chunked_array(
        [
            batch.column("id")
            for batch in source.batches(PURCHASES, ("id",), f"{of_day} and status = '{CANCELLED}'")
        ],
        pa.string(),
    )
    columns = ("purchase_id", "user_key", "product_id", "line_total", "purchased_at")
    for batch in source.batches(PURCHASE_LINES, columns, of_day):
        is_cancelled = pc.is_in(batch.column("purchase_id"), cancelled)
        _, user, product, total, at = batch.filter(pc.invert(is_cancelled)).columns
        kind = pa.repeat(PURCHASE, len(user))
        yield datasets.INTERACTIONS.batch([user, product, kind, total, _seconds(microseconds(at))])


def _acts(source: Source, day: date) -> Iterator[pa.RecordBatch]:
    kinds = ", ".join(f"'{kind}'" for kind in EVENT_TYPES)
    where = f"business_day = '{day}' and type in ({kinds}) and product_id is not null"
    names = pa.array(list(EVENT_TYPES.values()))
    known = pa.array([str(kind) for kind in EVENT_TYPES])
    columns = ("shopper_key", "product_id", "type", "event_time", "received_at")
    for batch in source.batches(EVENTS, columns, where):
        shopper, product, kind, event_time, received_at = batch.columns
        named = names.take(pc.index_in(kind, known))
        at = _seconds(happened(event_time, received_at))
        no_value = pa.nulls(batch.num_rows)
        yield datasets.INTERACTIONS.batch([shopper, product, named, no_value, at])


def _items(source: Source) -> Iterator[pa.RecordBatch]:
    columns = (
        "id",
        "price",
        "master_category",
        "sub_category",
        "article_type",
        "gender",
        "base_colour",
        "season",
        "usage",
        "is_active",
    )
    for batch in source.batches(PRODUCTS, columns):
        arrays: list[Any] = batch.columns
        number, price, category, *others, is_active = arrays
        category = category.fill_null(NO_CATEGORY)
        active = pa.array(["no", "yes"]).take(is_active.cast(pa.int8()))
        yield datasets.ITEMS.batch([number, price, category, *others, active])


def _users(source: Source) -> Iterator[pa.RecordBatch]:
    columns = ("user_key", "sex", "age_band", "city", "country")
    for batch in source.batches(USERS, columns):
        yield datasets.USERS.batch(batch.columns)


def _seconds(instants: Any) -> Any:
    return pc.divide(instants, MICROSECONDS)
