"""What can keep the shoppers from starting.

LoadtestError
├── HostNotAllowedError   the target is not this machine, and nobody said that it may be visited
├── ShopUnreachableError  the shop does not show its catalogue
└── ShelfEmptyError       there is no product to look at
"""


class LoadtestError(Exception):
    """The root of this package's errors."""


class HostNotAllowedError(LoadtestError):
    """Raised when the shoppers are sent to a machine that is neither this one nor allowed."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host!r} is not this machine. Send shoppers only to a shop of your own, "
            f"and say so with --allow-host {host}"
        )
        self.host = host


class ShopUnreachableError(LoadtestError):
    """Raised when the first look at the catalogue fails."""

    def __init__(self, storefront: str) -> None:
        super().__init__(f"{storefront} does not show its products")
        self.storefront = storefront


class ShelfEmptyError(LoadtestError):
    """Raised when the shop has no product."""

    def __init__(self) -> None:
        super().__init__("there is no product on the shelf")
