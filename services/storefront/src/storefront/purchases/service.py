"""The purchases' decisions."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from fashion_contracts.events import EventType, Interaction
from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from storefront.models import Purchase, PurchaseLine, PurchaseStatus
from storefront.outbox.repository import OutboxRepository
from storefront.purchases.errors import (
    CartNotFoundError,
    EmptyCartError,
    MixedCurrenciesError,
    OutOfStockError,
    PriceChangedError,
    PurchaseNotFoundError,
    TotalTooLargeError,
    UnknownProductError,
)
from storefront.purchases.idempotency import Answer, IdempotencyRepository
from storefront.purchases.repository import PurchaseRepository
from storefront.purchases.schemas import PurchaseRequest, PurchaseView, Wanted

CREATED: Final = 201
MAX_TOTAL: Final = Decimal("9999999999.99")


class PurchaseService:
    """Sells to one user, and shows that user what was sold. The caller owns the transaction."""

    def __init__(
        self,
        purchases: PurchaseRepository,
        outbox: OutboxRepository,
        user_id: str,
        *,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._purchases = purchases
        self._outbox = outbox
        self._user_id = user_id
        self._clock = clock
        self._new_id = new_id

    def place_once(self, keys: IdempotencyRepository, request: PurchaseRequest) -> Answer:
        """Place the purchase, or return the answer that the same request was given before."""
        before = keys.claim(request.digest(), self._clock())
        if before is not None:
            return before
        answer = Answer(CREATED, self.place(request).model_dump_json())
        keys.keep(answer)
        return answer

    def place(self, request: PurchaseRequest) -> PurchaseView:
        """Sell what is asked for at the shop's prices: all of it or nothing."""
        wanted = self._wanted(request)
        self._take_stock(wanted)
        purchase = self._priced(wanted)
        self._purchases.add(purchase)
        self._outbox.add(events_of(purchase, self._new_id))
        if request.cart_id is not None:
            self._purchases.empty_cart(request.cart_id)
        return PurchaseView.model_validate(purchase)

    def get(self, purchase_id: str) -> PurchaseView:
        """Return the purchase; raise PurchaseNotFoundError if it is not the user's."""
        purchase = self._purchases.get_one_or_none(self._user_id, purchase_id)
        if purchase is None:
            raise PurchaseNotFoundError(purchase_id)
        return PurchaseView.model_validate(purchase)

    def _wanted(self, request: PurchaseRequest) -> list[Wanted]:
        if request.lines is not None:
            return Wanted.merged(
                [(line.product_id, line.quantity, line.unit_price) for line in request.lines]
            )
        cart_id = request.cart_id or ""
        lines = self._purchases.lock_cart_lines(cart_id, self._user_id)
        if lines is None:
            raise CartNotFoundError(cart_id)
        if not lines:
            raise EmptyCartError
        return Wanted.merged(lines)

    def _take_stock(self, wanted: Sequence[Wanted]) -> None:
        now = self._clock()
        for one in wanted:
            if self._purchases.take_stock(one, now):
                continue
            left = self._purchases.stock_left(one.product_id)
            if left is None:
                raise UnknownProductError(one.product_id)
            raise OutOfStockError(one.product_id, left)

    def _priced(self, wanted: Sequence[Wanted]) -> Purchase:
        # Read after the stock was taken: the rows are ours now, so these prices cannot change.
        products = self._purchases.prices([one.product_id for one in wanted])
        for one in wanted:
            current = products[one.product_id].price
            if one.shown_prices - {current}:
                raise PriceChangedError(one.product_id, current)
        currencies = {product.currency for product in products.values()}
        if len(currencies) > 1:
            raise MixedCurrenciesError
        prices = {product_id: product.price for product_id, product in products.items()}
        return self._purchase(wanted, prices, currencies.pop())

    def _purchase(
        self, wanted: Sequence[Wanted], prices: dict[int, Decimal], currency: str
    ) -> Purchase:
        lines = [
            PurchaseLine(
                line_number=number,
                product_id=one.product_id,
                quantity=one.quantity,
                unit_price=prices[one.product_id],
                line_total=one.quantity * prices[one.product_id],
            )
            for number, one in enumerate(wanted, start=1)
        ]
        total = sum((line.line_total for line in lines), Decimal())
        if total > MAX_TOTAL:
            raise TotalTooLargeError
        now = self._clock()
        return Purchase(
            id=self._new_id(),
            user_id=self._user_id,
            status=PurchaseStatus.PLACED,
            subtotal=total,
            shipping=Decimal(),
            tax=Decimal(),
            total=total,
            currency=currency,
            purchased_at=now,
            updated_at=now,
            lines=lines,
        )


def events_of(purchase: Purchase, new_id: IdFactory) -> list[Interaction]:
    """Return what the stream is told of a purchase: one event for each line."""
    return [
        Interaction(
            event_id=new_id(),
            type=EventType.PURCHASE,
            user_id=purchase.user_id,
            # A purchase knows no visit; this keeps its lines together where visits are counted.
            session_id=purchase.id,
            purchase_id=purchase.id,
            product_id=line.product_id,
            quantity=line.quantity,
            price=line.unit_price,
            currency=purchase.currency,
            event_time=purchase.purchased_at,
            received_at=purchase.purchased_at,
        )
        for line in purchase.lines
    ]
