"""What can be wrong with a query.

BadRequestError
+-- QueryError
    +-- InvalidQueryError     it cannot be read, or fails when it runs
    +-- NotASelectError       it is not one SELECT
    +-- UnknownTableError     it names a table that the lake does not have
    +-- ForeignTableError     it reads from something that is no table of the lake
    +-- ParameterError        a parameter has no value, or a value no parameter
    +-- UnknownQuestionError  there is no question of that name
    +-- ChoiceError           what the command is to do is not clear
"""

import re
from collections.abc import Iterable

from fashion_kit.errors import BadRequestError

_UNDERLINE = re.compile(r"\x1b\[\d*m")


class QueryError(BadRequestError):
    """The root of these errors; its text says what is wrong in one sentence."""


class InvalidQueryError(QueryError):
    """Raised when the query is not valid SQL, or names a column that does not exist."""

    def __init__(self, reason: str) -> None:
        # Both engines go on with the text itself, in several lines.
        sentence = _UNDERLINE.sub("", reason).strip().splitlines()[0].rstrip(".:")
        super().__init__(f"The query is not valid: {sentence}.")


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


class UnknownQuestionError(QueryError):
    """Raised when no question has the name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no question {name}; there are: {', '.join(sorted(known))}.")


class ChoiceError(QueryError):
    """Raised when the command was told too little, or two things at once."""
