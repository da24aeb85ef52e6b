"""Reading Athena's SQL, and writing it anew for DuckDB.

The Athena text is the source: what runs here runs there. Names are resolved and types inferred
before translating, because Trino and DuckDB mean different things by the same words: 1 / 2 is 0
there and 0.5 here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlglot
from pyiceberg.expressions import AlwaysFalse, BooleanExpression, Or
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from exporter.queries.duckdb_dialect import to_duckdb
from exporter.queries.errors import (
    ForeignTableError,
    InvalidQueryError,
    NotASelectError,
    ParameterError,
)
from exporter.queries.pruning import day_filter

ATHENA = "athena"

Parameter = date | int | float | str
Schemas = Mapping[str, Mapping[str, str]]
"""The type of each column of each table."""


@dataclass(frozen=True)
class TableNeed:
    """What a query needs of one table: some columns, and perhaps only some days."""

    columns: frozenset[str]
    days: BooleanExpression


@dataclass(frozen=True)
class Plan:
    """A query in DuckDB's words, and what must be there before it runs."""

    sql: str
    needs: Mapping[str, TableNeed]


def parse(sql: str, parameters: Mapping[str, Parameter]) -> exp.Query:
    """Return the one SELECT that the text is, with its parameters filled in."""
    query = _read(sql)
    asked = _asked(query)
    if asked != set(parameters):
        raise ParameterError(asked, set(parameters))
    for placeholder in list(query.find_all(exp.Placeholder)):
        placeholder.replace(_literal(parameters[placeholder.name]))
    return query


def parameters_of(sql: str) -> set[str]:
    """Return the names of the parameters that the query asks for."""
    return _asked(_read(sql))


def bind(sql: str, **parameters: Parameter) -> str:
    """Return the query with its `:parameters` filled in: plain text for Athena."""
    return parse(sql, parameters).sql(dialect=ATHENA, pretty=True)


def table_names(query: exp.Query, database: str) -> set[str]:
    """Return the lake's tables that the query names, whose database may be written or not."""
    names = set()
    for scope in traverse_scope(query):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                names.add(_name(source, database))
    return names


def plan(query: exp.Query, schemas: Schemas) -> Plan:
    """Translate the query, and work out which columns and days of its tables it needs."""
    for table in query.find_all(exp.Table):
        table.set("db", None)
        table.set("catalog", None)
    schema: dict[str, object] = {name: dict(columns) for name, columns in schemas.items()}
    try:
        qualified = qualify(query, schema=schema, dialect=ATHENA)
        typed = annotate_types(qualified, schema=schema, dialect=ATHENA)
    except SqlglotError as error:
        raise InvalidQueryError(str(error)) from error
    needs = _needs(traverse_scope(typed), schemas)
    return Plan(to_duckdb(typed), needs)


def _read(sql: str) -> exp.Query:
    try:
        statements = sqlglot.parse(sql, read=ATHENA)
    except SqlglotError as error:
        raise InvalidQueryError(str(error)) from error
    if len(statements) != 1:
        raise NotASelectError(f"{len(statements)} statements")
    query = statements[0]
    if not isinstance(query, exp.Query) or query.find(exp.Into, exp.DML, exp.DDL, exp.Command):
        raise NotASelectError("nothing" if query is None else query.key.upper())
    return query


def _asked(query: exp.Query) -> set[str]:
    return {str(placeholder.name) for placeholder in query.find_all(exp.Placeholder)}


def _literal(value: Parameter) -> exp.Expr:
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), exp.DataType.Type.DATE)
    return exp.convert(value)


def _name(table: exp.Table, database: str) -> str:
    # A function such as read_csv('...') stands where a table may stand, but has no plain name.
    if not isinstance(table.this, exp.Identifier) or (table.db and table.db != database):
        raise ForeignTableError(table.sql(dialect=ATHENA), database)
    return table.name.lower()


def _needs(scopes: list[Scope], schemas: Schemas) -> dict[str, TableNeed]:
    columns: dict[str, set[str]] = {name: set() for name in schemas}
    days: dict[str, BooleanExpression] = {name: AlwaysFalse() for name in schemas}
    for scope in scopes:
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                columns[source.name].add(column.name)
        for alias, (_, source) in scope.selected_sources.items():
            if isinstance(source, exp.Table):
                asked = day_filter(scope.expression, alias)
                days[source.name] = Or(days[source.name], asked)
    return {name: TableNeed(frozenset(columns[name]), days[name]) for name in schemas}
