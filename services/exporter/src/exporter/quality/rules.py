"""The rules of the clean zone, as data; the exporter's README lists them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from exporter.quality.checks import (
    Ascending,
    Check,
    Distinct,
    EachRow,
    References,
    Values,
    any_of,
    nulls,
)
from exporter.quality.sums import SumsOfLines
from fashion_contracts.lake import (
    EVENTS,
    PRODUCTS,
    PURCHASE_LINES,
    PURCHASES,
    TABLES,
    USERS,
    ColumnType,
    Table,
)


@dataclass(frozen=True)
class Interval:
    """The half-open day [start, end)."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Rule:
    """One thing that holds for a table, and how it is checked."""

    name: str
    table: Table | None
    """The table whose rows it judges; None: all that the database has too."""
    says: str
    check: Callable[[Interval], Check] | None = None
    """Makes a check for one load; None: the reconciliation compares with the database."""
    other: Table | None = None
    """The table that it needs to see besides."""
    is_fatal: bool = False
    """Whether rows that break it cannot even be written to files."""


# The database hands these over in the order of their keys; pseudonyms and events have none.
_IN_ORDER = {PURCHASES, PURCHASE_LINES, PRODUCTS}

_DAY_OF = {PURCHASES: "purchased_at", PURCHASE_LINES: "purchased_at", EVENTS: "received_at"}


def _complete(table: Table) -> Rule:
    required = [column for column in table.columns if column.required]
    return Rule(
        f"{table.name}_complete",
        table,
        "No required column is null.",
        lambda _: EachRow(table, partial(nulls, columns=required)),
        is_fatal=True,
    )


def _keys_unique(table: Table) -> Rule:
    keys = ", ".join(f"`{name}`" for name in table.key)
    if table in _IN_ORDER:
        says = f"Each {keys} is there once, in ascending order."
        return Rule(f"{table.name}_keys_unique", table, says, lambda _: Ascending(table))
    says = f"Each {keys} is there once."
    return Rule(f"{table.name}_keys_unique", table, says, lambda _: Distinct(table))


def _of_the_day(table: Table) -> Rule:
    column = _DAY_OF[table]

    def outside(day: Interval, batch: pa.RecordBatch) -> Values:
        at = batch.column(column)
        return any_of(
            [pc.less(at, pa.scalar(day.start)), pc.greater_equal(at, pa.scalar(day.end))],
            batch.num_rows,
        )

    return Rule(
        f"{table.name}_of_the_day",
        table,
        f"`{column}` lies in the business day.",
        lambda day: EachRow(table, partial(outside, day)),
    )


def _money_not_negative(table: Table) -> Rule:
    names = [column.name for column in table.columns if column.type is ColumnType.MONEY]

    def negative(batch: pa.RecordBatch) -> Values:
        amounts = [batch.column(name) for name in names]
        return any_of([pc.less(amount, pa.scalar(0)) for amount in amounts], batch.num_rows)

    listed = ", ".join(f"`{name}`" for name in names)
    return Rule(
        f"{table.name}_money_not_negative",
        table,
        f"None of {listed} is below zero." if len(names) > 1 else f"No {listed} is below zero.",
        lambda _: EachRow(table, negative),
    )


def _line_total_differs(batch: pa.RecordBatch) -> Values:
    product = pc.multiply(batch.column("unit_price"), batch.column("quantity"))
    return any_of([pc.not_equal(product, batch.column("line_total"))], batch.num_rows)


COUNTS_AND_SUMS = Rule(
    "counts_and_sums",
    None,
    "Counts and sums of the written files are those of the database's snapshot, to the cent.",
)

RULES: tuple[Rule, ...] = (
    *(_complete(table) for table in TABLES),
    *(_keys_unique(table) for table in TABLES),
    *(_of_the_day(table) for table in _DAY_OF),
    *(_money_not_negative(table) for table in (PURCHASES, PURCHASE_LINES, PRODUCTS, EVENTS)),
    Rule(
        "lines_exact",
        PURCHASE_LINES,
        "`line_total` is `quantity` times `unit_price`, to the cent.",
        lambda _: EachRow(PURCHASE_LINES, _line_total_differs),
    ),
    Rule(
        "lines_add_up",
        PURCHASES,
        "`subtotal` and `line_count` are those of the purchase's lines.",
        lambda _: SumsOfLines(),
        other=PURCHASE_LINES,
    ),
    Rule(
        "lines_have_a_purchase",
        PURCHASE_LINES,
        "`purchase_id` is a purchase of the day.",
        lambda _: References(PURCHASE_LINES, "purchase_id", PURCHASES, is_in_order=True),
        other=PURCHASES,
    ),
    Rule(
        "lines_have_a_product",
        PURCHASE_LINES,
        "`product_id` is in the catalogue.",
        lambda _: References(PURCHASE_LINES, "product_id", PRODUCTS, is_in_order=False),
        other=PRODUCTS,
    ),
    Rule(
        "purchases_have_a_user",
        PURCHASES,
        "`user_key` is one of the users.",
        lambda _: References(PURCHASES, "user_key", USERS, is_in_order=False),
        other=USERS,
    ),
    COUNTS_AND_SUMS,
)
