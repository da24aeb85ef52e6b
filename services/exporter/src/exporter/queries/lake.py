"""Athena on one machine: the Glue catalogue's Iceberg tables, and DuckDB over them.

Each query gets a database of its own in memory, filled with the columns and days that it needs, and
with no access to files, the network or this process's variables.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    LongType,
    TimestampType,
    TimestamptzType,
)

from exporter.lake.catalog import open_catalog
from exporter.queries.athena import Parameter, TableNeed, parse, plan, table_names
from exporter.queries.errors import InvalidQueryError, UnknownTableError

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "threads": "2",
}
# Only what decides the meaning of an operator; everything else is text to the translator.
_TYPES: dict[type[IcebergType], str] = {
    BooleanType: "boolean",
    IntegerType: "integer",
    LongType: "bigint",
    FloatType: "real",
    DoubleType: "double",
    DateType: "date",
    TimestampType: "timestamp",
    TimestamptzType: "timestamp with time zone",
}


@dataclass(frozen=True)
class Result:
    """What a query found."""

    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]


class LakeQueries:
    """Answers Athena's SQL over one Glue database."""

    def __init__(self, database: str, *, catalog: Catalog | None = None) -> None:
        self._database = database
        self._catalog = catalog or open_catalog()

    def query(self, sql: str, **parameters: Parameter) -> Result:
        """Run one SELECT of Athena's SQL, its `:parameters` filled in; raise QueryError if bad."""
        with self._asked(sql, parameters) as found:
            columns = [str(column[0]) for column in found.description or []]
            return Result(columns, found.fetchall())

    def arrow(self, sql: str, **parameters: Parameter) -> pa.Table:
        """Return what `query` finds as an Arrow table, money still decimal."""
        with self._asked(sql, parameters) as found:
            return found.to_arrow_table()

    @contextmanager
    def _asked(
        self, sql: str, parameters: Mapping[str, Parameter]
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        query = parse(sql, parameters)
        tables = {name: self._load(name) for name in table_names(query, self._database)}
        planned = plan(query, {name: _schema(table) for name, table in tables.items()})
        contents = {name: _fetch(table, planned.needs[name]) for name, table in tables.items()}
        with duckdb.connect(":memory:", config=_CONFIG) as connection:
            for name, content in contents.items():
                connection.register(name, content)
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET lock_configuration = true")
            try:
                yield connection.execute(planned.sql)
            except duckdb.Error as error:
                raise InvalidQueryError(str(error)) from error

    def _load(self, name: str) -> Table:
        try:
            return self._catalog.load_table((self._database, name))
        except NoSuchTableError as error:
            known = [identifier[-1] for identifier in self._catalog.list_tables(self._database)]
            raise UnknownTableError(name, known) from error


def _schema(table: Table) -> dict[str, str]:
    return {field.name: _type(field.field_type) for field in table.schema().fields}


def _type(iceberg_type: IcebergType) -> str:
    if isinstance(iceberg_type, DecimalType):
        return str(iceberg_type).replace(" ", "")
    return _TYPES.get(type(iceberg_type), "varchar")


def _fetch(table: Table, need: TableNeed) -> pa.Table:
    # A query such as COUNT(*) names no column, but needs its rows.
    columns = need.columns or {table.schema().fields[0].name}
    return table.scan(row_filter=need.days, selected_fields=tuple(sorted(columns))).to_arrow()
