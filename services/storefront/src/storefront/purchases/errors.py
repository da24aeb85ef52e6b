"""What can be wrong with a purchase.

BadRequestError      MissingIdempotencyKeyError, InvalidIdempotencyKeyError
NotFoundError        PurchaseNotFoundError, CartNotFoundError, ReservationNotFoundError,
                     CheckoutDisabledError
ConflictError        RequestInFlightError, PriceChangedError, OutOfStockError,
                     ReservationExpiredError, ReservationUsedError
UnprocessableError   IdempotencyKeyReusedError, UnknownProductError, EmptyCartError,
                     MixedCurrenciesError, TotalTooLargeError
"""

from decimal import Decimal

from fashion_kit.errors import BadRequestError, ConflictError, NotFoundError, UnprocessableError


class MissingIdempotencyKeyError(BadRequestError):
    """Raised when a purchase comes without the key that makes a retry harmless."""

    def __init__(self) -> None:
        super().__init__("This needs an Idempotency-Key header.")


class InvalidIdempotencyKeyError(BadRequestError):
    """Raised when a key is too long, or has letters that no key needs."""

    def __init__(self) -> None:
        super().__init__("An Idempotency-Key is 1 to 255 printable ASCII letters without blanks.")


class PurchaseNotFoundError(NotFoundError):
    """Raised when there is no such purchase, or it is another's."""

    def __init__(self, purchase_id: str) -> None:
        super().__init__(f"There is no purchase {purchase_id} of yours.")


class CartNotFoundError(NotFoundError):
    """Raised when there is no such cart, or it is another's."""

    def __init__(self, cart_id: str) -> None:
        super().__init__(f"There is no cart {cart_id} of yours.")


class ReservationNotFoundError(NotFoundError):
    """Raised when there is no such reservation, or it is another's."""

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"There is no reservation {reservation_id} of yours.")


class CheckoutDisabledError(NotFoundError):
    """Raised when the shop keeps nothing for anybody."""

    def __init__(self) -> None:
        super().__init__("This shop takes no reservations; buy the lines themselves.")


class RequestInFlightError(ConflictError):
    """Raised when the first request with this key has not been answered yet."""

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is being worked on.")


class PriceChangedError(ConflictError):
    """Raised when a price is no longer the one the buyer was shown."""

    def __init__(self, product_id: int, current: Decimal) -> None:
        super().__init__(
            f"Product {product_id} costs {current} now.",
            product_id=product_id,
            current_unit_price=str(current),
        )


class OutOfStockError(ConflictError):
    """Raised when fewer are left than somebody wants."""

    def __init__(self, product_id: int, left: int) -> None:
        super().__init__(
            f"Of product {product_id} only {left} are left.", product_id=product_id, left=left
        )


class ReservationExpiredError(ConflictError):
    """Raised when the time of a reservation is over, or it was given back."""

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"Reservation {reservation_id} is over; its units are for sale again.")


class ReservationUsedError(ConflictError):
    """Raised when a reservation has been bought already."""

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"Reservation {reservation_id} was bought already.")


class IdempotencyKeyReusedError(UnprocessableError):
    """Raised when a key comes again with another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request.")


class UnknownProductError(UnprocessableError):
    """Raised when a product does not exist or is no longer on sale."""

    def __init__(self, product_id: int) -> None:
        super().__init__(f"Product {product_id} is not for sale.", product_id=product_id)


class EmptyCartError(UnprocessableError):
    """Raised when there is nothing in the cart to buy."""

    def __init__(self) -> None:
        super().__init__("The cart is empty.")


class MixedCurrenciesError(UnprocessableError):
    """Raised when products of one purchase are priced in several currencies."""

    def __init__(self) -> None:
        super().__init__("A purchase is in one currency; these products have several.")


class TotalTooLargeError(UnprocessableError):
    """Raised when a purchase is worth more than the books can hold."""

    def __init__(self) -> None:
        super().__init__("The purchase is worth more than one purchase may be.")
