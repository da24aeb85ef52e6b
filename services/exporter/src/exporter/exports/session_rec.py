"""The text that session-rec and the tools around RSC15 read: SessionId, Time, ItemId.

One line is one look at a product. A visit's lines stand together in the order of time, and what is
looked at again at once (a click in a list, and the page that it opens) is one look. One day at a
time is in memory.
"""

from collections.abc import Iterator
from datetime import date
from hashlib import blake2b
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

from exporter.exports.sink import Folder
from exporter.exports.source import MICROSECONDS, Period, Source, happened
from fashion_contracts.events import EventType
from fashion_contracts.lake import EVENTS

FILE: Final = "clicks.txt"
_COLUMNS: Final[dict[str, pa.DataType]] = {
    "SessionId": pa.int64(),
    "Time": pa.float64(),
    "ItemId": pa.int64(),
}
SCHEMA: Final = pa.schema(_COLUMNS)
LOOKS: Final = (EventType.PRODUCT_VIEW, EventType.LIST_CLICK)

_OPTIONS: Final = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")


def export_session_rec(source: Source, folder: Folder, period: Period) -> dict[str, int]:
    """Write the looks of the days; return each file's rows."""
    folder.begin()
    looks = (batch for day in period.days() for batch in _looks(source, day))
    rows = {FILE: folder.write_rows(FILE, SCHEMA, looks, _OPTIONS)}
    folder.finish({"from": str(period.first), "to": str(period.last), "rows": rows})
    return rows


def _looks(source: Source, day: date) -> Iterator[pa.RecordBatch]:
    kinds = ", ".join(f"'{kind}'" for kind in LOOKS)
    where = f"business_day = '{day}' and type in ({kinds}) and product_id is not null"
    columns = ("shopper_key", "session_id", "event_time", "received_at", "product_id")
    found = [_numbered(batch) for batch in source.batches(EVENTS, columns, where)]
    if not found:
        return
    looks = pa.Table.from_batches(found).sort_by([(name, "ascending") for name in SCHEMA.names])
    looks = looks.combine_chunks()
    yield from looks.filter(_is_new(looks)).to_batches()


def _numbered(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns: list[Any] = batch.columns
    shopper, session, event_time, received_at, product = columns
    # The client names the visit: two shoppers may use one name, and it may say who they are.
    visit = pc.binary_join_element_wise(shopper, session, pa.scalar(" ")).dictionary_encode()
    numbers = pa.array([_number(name) for name in visit.dictionary.to_pylist()], pa.int64())
    at = happened(event_time, received_at)
    seconds = pc.divide(at.cast(pa.float64()), MICROSECONDS)
    return pa.RecordBatch.from_arrays(
        [numbers.take(visit.indices), seconds, product.cast(pa.int64())], schema=SCHEMA
    )


def _number(visit: str) -> int:
    """Return a number for a visit; 63 bits, for readers that know no unsigned ones."""
    return int.from_bytes(blake2b(visit.encode(), digest_size=8).digest()) >> 1


def _is_new(looks: pa.Table) -> Any:
    """Return which looks are not at the product that the same visit looked at just before."""
    session: Any
    product: Any
    session, product = (looks.column(name).combine_chunks() for name in ("SessionId", "ItemId"))
    is_same = pc.and_(
        pc.equal(session.slice(1), session.slice(0, len(session) - 1)),
        pc.equal(product.slice(1), product.slice(0, len(product) - 1)),
    )
    return pa.concat_arrays([pa.array([True]), pc.invert(is_same)])
