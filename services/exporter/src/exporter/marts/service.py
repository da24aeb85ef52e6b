"""Renews the marts after days of the lake have changed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exporter.lake.iceberg import Lake
from exporter.lake.tables import arrow_schema
from exporter.marts.definitions import ALL_MARTS, Mart
from exporter.marts.errors import MartError
from exporter.queries.athena import Parameter
from exporter.queries.errors import QueryError
from exporter.queries.lake import LakeQueries
from fashion_contracts.lake import Column, Table
from fashion_kit.logs import get_logger

Limits = Mapping[str, Parameter]
"""What the marts' SQL must be told besides the day."""

log = get_logger(__name__)


class Marts:
    """The marts of one lake."""

    def __init__(
        self,
        queries: LakeQueries,
        lake: Lake,
        *,
        loaded_days: Callable[[], Sequence[date]],
        limits: Limits,
        marts: Sequence[Mart] = ALL_MARTS,
    ) -> None:
        self._queries = queries
        self._lake = lake
        self._loaded_days = loaded_days
        self._limits = limits
        self._marts = marts

    def refresh(self, changed_days: Collection[date] | None = None) -> dict[str, int]:
        """Renew what the changed days, or without any named all loaded ones, have a share in.

        Return how many rows of each mart were written. Each table and day is replaced in one
        snapshot; killed in between and run again, the marts are the same.
        """
        loaded = set(self._loaded_days())
        changed = loaded if changed_days is None else set(changed_days)
        known = loaded | changed
        written = dict.fromkeys((mart.table.name for mart in self._marts), 0)
        for mart in self._marts if changed else ():
            days = mart.days_to_renew(changed, known) if mart.is_daily else [max(known)]
            for day in days:
                written[mart.table.name] += self._renew(mart, day)
            log.info("mart_renewed", mart=mart.table.name, days=len(days))
        return written

    def _renew(self, mart: Mart, day: date) -> int:
        told = {"day": day, **self._limits}
        asked = {name: told[name] for name in mart.parameters}
        try:
            found = self._queries.arrow(mart.sql, **asked)
        except QueryError as error:
            raise MartError(mart.table.name, error.detail.rstrip(".")) from error
        rows = checked(mart.table, found)
        staged = self._lake.stage(mart.table, rows.to_batches(), day)
        self._lake.publish(staged, {"exporter.business-day": str(day)})
        return staged.rows


def checked(table: Table, found: pa.Table) -> pa.Table:
    """Return the rows in the contract's types; raise MartError if they do not keep to it."""
    columns = [_column(table, column, found) for column in table.columns]
    rows = pa.Table.from_arrays(columns, schema=arrow_schema(table))
    keys = rows.group_by(list(table.key)).aggregate([([], "count_all")])
    if keys.num_rows and pc.max(keys.column("count_all")).as_py() > 1:
        raise MartError(table.name, f"a key ({', '.join(table.key)}) is there twice")
    return rows


def _column(table: Table, column: Column, found: pa.Table) -> "pa.ChunkedArray[Any]":
    if column.name not in found.column_names:
        raise MartError(table.name, f"{column.name} is missing")
    values = found.column(column.name)
    if column.required and values.null_count:
        raise MartError(table.name, f"{column.name} is null")
    try:
        return values.cast(arrow_schema(table).field(column.name).type)
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise MartError(table.name, f"{column.name}: {reason}") from error
