"""What can go wrong in the recommender.

ShopError
+-- TransientError
|   +-- StoreUnavailableError     DynamoDB, S3 or MySQL did not do what it was asked
|   +-- ShopperContendedError     somebody else keeps changing the same shopper's item
|   +-- NothingToRecommendError   not one product is known that could be recommended
|   +-- CatalogueUnreadError      no product could be read yet, so no category is known
+-- ConflictError
|   +-- ShopperChangedError       the item is no longer what it was when it was read
|   +-- ModelPointerMovedError    another build has put its model in use meanwhile
+-- UnprocessableError
|   +-- UnknownCategoryError      no product is of such a category
+-- NotFoundError
|   +-- UnknownProductError       the shop has never had such a product
+-- ModelUnreadableError          a model's file is not whole, or of another layout
+-- EmptyCatalogueError           there is no product to build a model of
+-- WorseModelError               the quality gate has refused a model
+-- ClickstreamUnreadableError    a data set to be measured on is of no known format, or too small
"""

from collections.abc import Sequence

from fashion_kit.errors import (
    ConflictError,
    NotFoundError,
    ShopError,
    TransientError,
    UnprocessableError,
)


class StoreUnavailableError(TransientError):
    """Raised when a store did not answer, or answered with an error of its own."""

    def __init__(self, what: str, code: str) -> None:
        super().__init__(f"Could not {what}: {code}.")
        self.code = code


class ShopperContendedError(TransientError):
    """Raised when a shopper's item changed at every attempt to write it."""

    def __init__(self, attempts: int) -> None:
        super().__init__(f"The shopper's item changed {attempts} times while it was folded.")


class NothingToRecommendError(TransientError):
    """Raised when no product is known that the shopper could buy."""

    def __init__(self) -> None:
        super().__init__("There is no product in stock to recommend.")


class CatalogueUnreadError(TransientError):
    """Raised when picks are asked for by category or price before any product could be read."""

    def __init__(self) -> None:
        super().__init__("The catalogue could not be read yet. Try again shortly.")


class UnknownCategoryError(UnprocessableError):
    """Raised when a category is asked for that no product is of."""

    def __init__(self, category: str, known: Sequence[str]) -> None:
        super().__init__(
            f"No product is of the category {category!r}; `known` lists the categories there are.",
            known=known,
        )


class UnknownProductError(NotFoundError):
    """Raised when a product is asked about that is not in the catalogue."""

    def __init__(self, product_id: int) -> None:
        super().__init__(f"There is no product {product_id}.")


class ShopperChangedError(ConflictError):
    """Raised when a shopper's item is not the one that was read."""

    def __init__(self, user_id: str) -> None:
        super().__init__("The shopper's item has changed since it was read.")
        self.user_id = user_id


class ModelPointerMovedError(ConflictError):
    """Raised when another model was put in use while this one was built."""

    def __init__(self, expected: str | None) -> None:
        super().__init__(f"The model in use is no longer {expected or 'none'}.")


class ModelUnreadableError(ShopError):
    """Raised when a model's file cannot be used."""

    title = "Model unreadable"


class EmptyCatalogueError(ShopError):
    """Raised when the catalogue has no product on sale."""

    title = "Empty catalogue"

    def __init__(self) -> None:
        super().__init__("The catalogue has no active product: there is nothing to build.")


class WorseModelError(ShopError):
    """Raised when a new model predicts worse than what is there."""

    title = "Model refused"

    def __init__(self, what: str, ours: float, whose: str, theirs: float) -> None:
        super().__init__(
            f"The model's {what} of {ours:.3g} is not good enough beside {whose} {theirs:.3g}."
        )


class UnknownModelError(ShopError):
    """Raised when there is no such model to go back to."""

    title = "Unknown model"

    def __init__(self, version: str | None) -> None:
        super().__init__(
            f"There is no model {version}." if version else "There is no earlier model."
        )


class ClickstreamUnreadableError(ShopError):
    """Raised when a data set cannot be measured on."""

    title = "Clickstream unreadable"
