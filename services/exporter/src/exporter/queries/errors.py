"""What can be wrong with a query.

QueryError
+-- InvalidQueryError     it cannot be read, or fails when it runs
+-- NotASelectError       it is not one SELECT
+-- UnknownTableError     it names a table that the lake does not have
+-- ForeignTableError     it reads from something that is no table of the lake
+-- ParameterError        a parameter has no value, or a value no parameter
"""

from collections.abc import Iterable


class QueryError(Exception):
    """The root of these errors; its text says what is wrong in one sentence."""


class InvalidQueryError(QueryError):
    """Raised when the query is not valid SQL, or names a column that does not exist."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The query is not valid: {reason}")


class NotASelectError(QueryError):
    """Raised when the text is anything but one SELECT, perhaps with a WITH before it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Only one SELECT may be asked, not {what}.")


class UnknownTableError(QueryError):
    """Raised when the lake has no such table."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"The lake has no table {name}; it has: {', '.join(sorted(known))}.")


class ForeignTableError(QueryError):
    """Raised when the query reads a function or another database instead of a table."""

    def __init__(self, what: str, database: str) -> None:
        super().__init__(f"{what} is not a table of {database}.")


class ParameterError(QueryError):
    """Raised when the query's parameters and the values given are not the same."""

    def __init__(self, asked: set[str], given: set[str]) -> None:
        self.missing = asked - given
        self.unused = given - asked
        parts = [f":{name} has no value" for name in sorted(self.missing)]
        parts += [f"there is no :{name}" for name in sorted(self.unused)]
        super().__init__(f"The parameters do not fit: {', '.join(parts)}.")
