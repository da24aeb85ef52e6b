"""What somebody may buy: pure decisions over what their transaction has locked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple, Self

from fashion_kit.errors import ShopError
from storefront.models import ReservationStatus
from storefront.purchases.errors import (
    CartNotFoundError,
    EmptyCartError,
    MixedCurrenciesError,
    OutOfStockError,
    PriceChangedError,
    ReservationExpiredError,
    ReservationNotFoundError,
    ReservationUsedError,
    TotalTooLargeError,
    UnknownProductError,
)
from storefront.purchases.pricing import Charge, Tariff
from storefront.purchases.schemas import CheckoutRequest, PurchaseRequest

MAX_TOTAL: Final = Decimal("9999999999.99")


class Wanted(NamedTuple):
    """How many of a product somebody wants, and the prices they were shown."""

    product_id: int
    quantity: int
    shown_prices: frozenset[Decimal] = frozenset()

    @classmethod
    def merged(cls, lines: Sequence[tuple[int, int, Decimal | None]]) -> tuple[Self, ...]:
        """Return one Wanted for each product, in product order."""
        wanted: dict[int, Self] = {}
        for product_id, quantity, shown in lines:
            before = wanted.get(product_id) or cls(product_id, 0)
            prices = before.shown_prices if shown is None else before.shown_prices | {shown}
            wanted[product_id] = cls(product_id, before.quantity + quantity, prices)
        return tuple(wanted[product_id] for product_id in sorted(wanted))


class Wish(NamedTuple):
    """Who wants what: lines, the content of a cart, or what a reservation keeps."""

    user_id: str
    wanted: Sequence[Wanted] = ()
    cart_id: str | None = None
    reservation_id: str | None = None

    @classmethod
    def of(cls, user_id: str, request: CheckoutRequest) -> Self:
        """Return the user's wish, its lines merged."""
        lines = request.lines or ()
        wanted = Wanted.merged([(one.product_id, one.quantity, one.unit_price) for one in lines])
        kept = request.reservation_id if isinstance(request, PurchaseRequest) else None
        return cls(user_id, wanted, request.cart_id, kept)


class Offer(NamedTuple):
    """A product as the shop offers it now."""

    price: Decimal
    currency: str
    stock: int
    is_active: bool


class OfferedCart(NamedTuple):
    """A cart: whose it is, and what lies in it."""

    owner_id: str | None
    wanted: Sequence[Wanted]


class PricedLine(NamedTuple):
    """So many units of a product, and the price of one."""

    product_id: int
    quantity: int
    unit_price: Decimal


class Kept(NamedTuple):
    """A reservation: whose it is, how it stands, and what it keeps."""

    id: str
    user_id: str
    cart_id: str | None
    status: str
    expires_at: datetime
    lines: Sequence[PricedLine]

    def is_held(self, now: datetime) -> bool:
        """Say whether its units are still kept for its user."""
        return self.status == ReservationStatus.HELD and now < self.expires_at


@dataclass(frozen=True)
class Snapshot:
    """What the wishes of one transaction are about, as it stood when it was locked."""

    now: datetime
    offers: Mapping[int, Offer]
    carts: Mapping[str, OfferedCart]
    reservations: Mapping[str, Kept]


class SaleLine(NamedTuple):
    """One product of a sale."""

    product_id: int
    quantity: int
    unit_price: Decimal
    line_total: Decimal


class Sale(NamedTuple):
    """What is sold or kept, and what it costs."""

    lines: Sequence[SaleLine]
    charge: Charge
    currency: str
    cart_id: str | None
    reservation_id: str | None


class Placed(NamedTuple):
    """A sale that becomes a purchase: under which id, whose, and in which trace."""

    id: str
    user_id: str
    sale: Sale
    traceparent: str | None = None


@dataclass
class Allocator:
    """Grants wishes in the order in which they come: what one takes, the next no longer finds.

    A wish that is refused takes nothing.
    """

    snapshot: Snapshot
    tariff: Tariff
    freed: Mapping[int, int] = field(default_factory=dict)
    """Units that came back to the stock since the snapshot was taken."""

    def __post_init__(self) -> None:
        """Begin with everything there is."""
        self._left = {
            product_id: offer.stock + self.freed.get(product_id, 0)
            for product_id, offer in self.snapshot.offers.items()
        }
        self._emptied: set[str] = set()
        self._used: set[str] = set()

    def grant(self, wish: Wish) -> Sale:
        """Return the sale, or raise the error that stands against it."""
        if wish.reservation_id is not None:
            return self._hand_over(wish.reservation_id, wish.user_id)
        wanted = self.wanted(wish)
        for one in wanted:
            for objection in self.objections(one):
                raise objection
        sale = self.priced(wanted, wish.cart_id)
        for one in wanted:
            self._left[one.product_id] -= one.quantity
        if wish.cart_id is not None:
            self._emptied.add(wish.cart_id)
        return sale

    def wanted(self, wish: Wish) -> Sequence[Wanted]:
        """Return what a wish for lines or for a cart's content is about."""
        if wish.cart_id is None:
            return wish.wanted
        cart = self.snapshot.carts.get(wish.cart_id)
        if cart is None or cart.owner_id != wish.user_id:
            raise CartNotFoundError(wish.cart_id)
        if not cart.wanted or wish.cart_id in self._emptied:
            raise EmptyCartError
        return cart.wanted

    def kept(self, reservation_id: str, user_id: str) -> Kept:
        """Return the reservation if its user may still buy it."""
        kept = self.snapshot.reservations.get(reservation_id)
        if kept is None or kept.user_id != user_id:
            raise ReservationNotFoundError(reservation_id)
        if kept.status == ReservationStatus.USED or reservation_id in self._used:
            raise ReservationUsedError(reservation_id)
        if not kept.is_held(self.snapshot.now):
            raise ReservationExpiredError(reservation_id)
        return kept

    def objections(self, one: Wanted) -> list[ShopError]:
        """Return everything that stands against so many units at such a price."""
        offer = self.snapshot.offers.get(one.product_id)
        if offer is None or not offer.is_active:
            return [UnknownProductError(one.product_id)]
        found: list[ShopError] = []
        left = self._left[one.product_id]
        if left < one.quantity:
            found.append(OutOfStockError(one.product_id, left))
        if one.shown_prices - {offer.price}:
            found.append(PriceChangedError(one.product_id, offer.price))
        return found

    def priced(self, wanted: Iterable[Wanted], cart_id: str | None = None) -> Sale:
        """Return what is wanted, at the prices of now; all of it must be for sale."""
        offers = self.snapshot.offers
        return self.sale(
            [
                PricedLine(one.product_id, one.quantity, offers[one.product_id].price)
                for one in wanted
            ],
            cart_id,
        )

    def sale(
        self, lines: Iterable[PricedLine], cart_id: str | None, reservation_id: str | None = None
    ) -> Sale:
        """Return the lines as a sale, with what they cost together."""
        sold = [
            SaleLine(product_id, quantity, price, quantity * price)
            for product_id, quantity, price in lines
        ]
        currencies = {self.snapshot.offers[line.product_id].currency for line in sold}
        if len(currencies) > 1:
            raise MixedCurrenciesError
        charge = self.tariff.charge(sum((line.line_total for line in sold), Decimal()))
        if charge.total > MAX_TOTAL:
            raise TotalTooLargeError
        return Sale(sold, charge, currencies.pop(), cart_id, reservation_id)

    def _hand_over(self, reservation_id: str, user_id: str) -> Sale:
        kept = self.kept(reservation_id, user_id)
        sale = self.sale(kept.lines, kept.cart_id, reservation_id)
        self._used.add(reservation_id)
        if kept.cart_id is not None:
            self._emptied.add(kept.cart_id)
        return sale
