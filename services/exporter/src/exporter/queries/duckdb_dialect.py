"""Where DuckDB answers another thing than Athena and the translator does not know.

count_if of no rows is NULL in DuckDB and 0 in Athena: written as a count of what is not null.
date_diff counts the borders crossed in DuckDB and whole units in Athena: written as date_sub.
A date and some days make a timestamp in DuckDB and a date in Athena: cast.
Dividing or averaging decimals gives a decimal of the same scale in Athena and a double in DuckDB:
refused, because a cast to DOUBLE makes both agree and a wrong figure would look right.
"""

from sqlglot import exp

from exporter.queries.errors import InvalidQueryError

_REWRITTEN = (exp.CountIf, exp.DateDiff, exp.DateAdd, exp.Add, exp.Sub)
_FLOATS = (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT)


def to_duckdb(query: exp.Expr) -> str:
    """Write a query whose types are known in DuckDB's words."""
    for division in query.find_all(exp.Div):
        _check_division(division.left.unnest(), division.right.unnest(), division)
    for average in query.find_all(exp.Avg):
        if _is_decimal(average.this.unnest()):
            _refuse(average)
    query = query.copy()
    # The innermost first: an outer one is replaced by what holds the inner one's replacement.
    for node in reversed(
        list(query.find_all(exp.DateDiff, exp.DateAdd, exp.Add, exp.Sub, exp.CountIf))
    ):
        if isinstance(node, exp.DateDiff):
            node.replace(_whole_units(node))
        elif isinstance(node, exp.CountIf):
            node.replace(exp.Count(this=exp.case().when(node.this.copy(), "1")))
        elif _is_moved_date(node):
            node.replace(exp.cast(node.copy(), exp.DataType.Type.DATE))
    return query.sql(dialect="duckdb")


def _check_division(left: exp.Expr, right: exp.Expr, division: exp.Expr) -> None:
    sides = (left, right)
    if any(map(_is_decimal, sides)) and not any(map(_is_double, sides)):
        _refuse(division)


def _refuse(expression: exp.Expr) -> None:
    text = expression.sql(dialect="athena")
    raise InvalidQueryError(f"{text} has Athena's decimal scale; cast to DOUBLE first")


def _is_decimal(expression: exp.Expr) -> bool:
    return expression.is_type(exp.DataType.Type.DECIMAL) or _is_decimal_literal(expression)


def _is_double(expression: exp.Expr) -> bool:
    return expression.is_type(*_FLOATS) and not _is_decimal_literal(expression)


def _is_decimal_literal(expression: exp.Expr) -> bool:
    """Say whether it is a number such as 7.0, which the translator takes for a double."""
    return (
        isinstance(expression, exp.Literal)
        and not expression.is_string
        and ("." in expression.name and "e" not in expression.name.lower())
    )


def _whole_units(difference: exp.DateDiff) -> exp.Expr:
    unit = exp.Literal.string(str(difference.args["unit"]).lower())
    operands = [unit, difference.expression.copy(), difference.this.copy()]
    return exp.Anonymous(this="date_sub", expressions=operands)


def _is_moved_date(node: exp.Expr) -> bool:
    is_move = isinstance(node, exp.DateAdd) or isinstance(node.expression, exp.Interval)
    return is_move and node.this.unnest().is_type(exp.DataType.Type.DATE)
