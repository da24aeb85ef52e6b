"""Which days of a table a query can see: read off its WHERE, so that other days are never fetched.

Only what is certain is used: conditions that must all hold and that compare the day of this very
table with a date. Everything else is left to the query itself, which filters again anyway.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.expressions.parser import parse
from sqlglot import exp
from sqlglot.optimizer.simplify import simplify

DAY_COLUMN = "business_day"

# Iceberg's word for each comparison, and for the same one with its sides exchanged.
_OPERATORS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.EQ: ("=", "="),
    exp.GT: (">", "<"),
    exp.GTE: (">=", "<="),
    exp.LT: ("<", ">"),
    exp.LTE: ("<=", ">="),
}


def day_filter(select: exp.Expr, alias: str) -> BooleanExpression:
    """Return what a SELECT asks of the days of the table that it calls by this alias."""
    where = select.args.get("where")
    if where is None:
        return AlwaysTrue()
    found = [text for part in _conjuncts(where.this) for text in _on_days(part, alias)]
    return parse(" and ".join(found)) if found else AlwaysTrue()


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the conditions that must all hold."""
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _on_days(condition: exp.Expr, alias: str) -> Iterator[str]:
    """Yield what the condition says about the table's days, if it says anything certain."""
    if isinstance(condition, exp.Between) and _is_day(condition.this, alias):
        yield from _compared(">=", condition.args["low"])
        yield from _compared("<=", condition.args["high"])
    elif isinstance(condition, exp.In) and _is_day(condition.this, alias):
        days = [_date(value) for value in condition.expressions]
        if days and all(days):
            yield f"{DAY_COLUMN} in ({', '.join(repr(str(day)) for day in days)})"
    elif (operators := _OPERATORS.get(type(condition))) is not None:
        if _is_day(condition.this, alias):
            yield from _compared(operators[0], condition.expression)
        elif _is_day(condition.expression, alias):
            yield from _compared(operators[1], condition.this)


def _compared(operator: str, value: exp.Expr) -> Iterator[str]:
    if (day := _date(value)) is not None:
        yield f"{DAY_COLUMN} {operator} '{day}'"


def _is_day(expression: exp.Expr, alias: str) -> bool:
    return (
        isinstance(expression, exp.Column)
        and expression.name == DAY_COLUMN
        and expression.table == alias
    )


def _date(expression: exp.Expr) -> date | None:
    """Return the date that an expression of constants comes to, or None if it is not one."""
    value = simplify(expression.copy())
    if isinstance(value, exp.Cast) and value.is_type(exp.DataType.Type.DATE):
        with suppress(ValueError):
            return date.fromisoformat(value.this.name)
    return None
