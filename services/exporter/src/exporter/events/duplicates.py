"""Which of a day's events other days have already: asked of the lake, a part of the day at a time.

A client that retries keeps the event's id and time, however late it does so; `slack` is how far the
two times may differ all the same, because a clock was set in between. So only rows that happened
about when ours did are looked at, and Iceberg's statistics spare the files that have none.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import (
    AlwaysFalse,
    And,
    BooleanExpression,
    GreaterThanOrEqual,
    LessThan,
    NotEqualTo,
    Or,
    Reference,
)
from pyiceberg.expressions.literals import literal

from exporter.lake.iceberg import Lake
from fashion_contracts.lake import EVENTS

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1) // MICROSECOND
# Beyond it one range is asked for: a file's statistics tell no more than its first and last anyway.
MOST_RANGES = 16

ID, TIME = EVENTS.key[0], "event_time"


def known_ids(
    lake: Lake, events: pa.Table, slack: timedelta, *, except_day: date | None = None
) -> "pa.ChunkedArray[Any]":
    """Return the ids of those events that the lake has, on whatever day but this one."""
    ids = events.column(ID)
    found = [pa.array([], ids.type)]
    if events.num_rows:
        rows = _happened_about(events.column(TIME), slack)
        if except_day is not None:
            rows = And(rows, NotEqualTo(term=Reference("business_day"), value=literal(except_day)))
        for batch in lake.rows(EVENTS, rows, (ID,)):
            column = batch.column(ID)
            found.append(column.filter(pc.is_in(column, value_set=ids)).cast(ids.type))
    return pa.chunked_array(found)


def _happened_about(times: "pa.ChunkedArray[Any]", slack: timedelta) -> BooleanExpression:
    """Return the condition that a row happened within the slack of one of these times' days."""
    days = pc.unique(pc.floor_temporal(times, unit="day"))
    # Whole numbers: the first and last instants that Arrow knows are beyond what Python does.
    ranges = _ranges(days.cast(pa.int64()).sort().to_numpy().tolist(), slack // MICROSECOND)
    condition: BooleanExpression = AlwaysFalse()
    for first, last in ranges:
        since = GreaterThanOrEqual(term=Reference(TIME), value=literal(first))
        until = LessThan(term=Reference(TIME), value=literal(last))
        condition = Or(condition, And(since, until))
    return condition


def _ranges(days: Sequence[int], slack: int) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for day in days:
        first, last = day - slack, day + DAY + slack
        if ranges and first <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
    return ranges if len(ranges) <= MOST_RANGES else [(ranges[0][0], ranges[-1][1])]
