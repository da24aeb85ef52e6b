"""What the lake has of a day and the landing zone has no more: its objects expire after a while.

A day may be loaded again long after that, because a purchase of it was refunded. What it has of
events then stays: nothing of the landing zone takes their place.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyiceberg.expressions import (
    And,
    BooleanExpression,
    EqualTo,
    GreaterThanOrEqual,
    LessThan,
    Reference,
)
from pyiceberg.expressions.literals import literal

from exporter.events.intake import EventsOfDay
from exporter.lake.erasure import Erasures
from exporter.lake.iceberg import Lake
from exporter.lake.tables import arrow_schema
from fashion_contracts.lake import BAD_EVENTS, EVENTS, Table

ID = EVENTS.key[0]


def retained_events(
    lake: Lake, intake: EventsOfDay, erasures: Erasures
) -> Iterator[pa.RecordBatch]:
    """Yield and count the day's events that were not among the intake's, which must be at its end.

    The ids are read first, and the rows only if one is missing.
    """
    start, end = intake.interval
    rows = And(
        _of_day(intake),
        GreaterThanOrEqual(term=Reference("received_at"), value=literal(start)),
        LessThan(term=Reference("received_at"), value=literal(end)),
    )
    if all(id_ in intake.seen for batch in lake.rows(EVENTS, rows, (ID,)) for id_ in _ids(batch)):
        return
    for batch in _whole(lake, EVENTS, rows):
        is_missing = pa.array([id_ not in intake.seen for id_ in _ids(batch)])
        left = erasures.apply(EVENTS, batch.filter(is_missing))
        intake.counts.retained += left.num_rows
        yield left


def retained_bad_events(lake: Lake, intake: EventsOfDay) -> Iterator[pa.RecordBatch]:
    """Yield and count the day's bad lines of objects that were not among the intake's."""
    for batch in _whole(lake, BAD_EVENTS, _of_day(intake)):
        keys: list[Any] = batch.column("source_key").to_pylist()
        left = batch.filter(
            pa.array(
                [key not in intake.objects and intake.counts_bad_lines_of(key) for key in keys]
            )
        )
        intake.counts.bad_retained += left.num_rows
        yield left


def _of_day(intake: EventsOfDay) -> BooleanExpression:
    return EqualTo(term=Reference("business_day"), value=literal(intake.day))


def _whole(lake: Lake, table: Table, rows: BooleanExpression) -> Iterator[pa.RecordBatch]:
    """Yield the rows in the contract's types: a scan has a kind of text of its own."""
    schema = arrow_schema(table)
    for batch in lake.rows(table, rows, schema.names):
        columns = [batch.column(field.name).cast(field.type) for field in schema]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _ids(batch: pa.RecordBatch) -> list[Any]:
    return batch.column(ID).to_pylist()
