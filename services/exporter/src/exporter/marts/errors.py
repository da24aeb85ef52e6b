"""Why a mart was not published.

ShopError
+-- MartError     its rows break the contract: a null, a key twice, a value out of range
"""

from fashion_kit.errors import ShopError


class MartError(ShopError):
    """Raised when a mart's rows are not what the contract promises; the old ones stay."""

    title = "Mart refused"

    def __init__(self, mart: str, reason: str) -> None:
        super().__init__(f"{mart} was not published: {reason}.")
