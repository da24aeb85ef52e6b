"""Why an export was not written.

ShopError
+-- BadRequestError
|   +-- BadPeriodError           the last day asked for comes before the first
+-- UnprocessableError
    +-- UnfitDataError           the data breaks a rule of the format
"""

from datetime import date

from fashion_kit.errors import BadRequestError, UnprocessableError


class BadPeriodError(BadRequestError):
    """Raised when the days asked for are no period."""

    def __init__(self, first: date, last: date) -> None:
        super().__init__(f"--to must not come before --from, but {last} comes before {first}.")


class UnfitDataError(UnprocessableError):
    """Raised when the data breaks a rule of the format it is to be written in."""

    def __init__(self, file: str, column: str, rule: str) -> None:
        super().__init__(f"{file} was not finished: {column} {rule}.")
