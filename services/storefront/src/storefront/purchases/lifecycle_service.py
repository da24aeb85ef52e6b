"""The decisions about a purchase after it was placed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from fashion_contracts.events import EventType, Interaction
from fashion_kit import tracing
from fashion_kit.clock import Clock
from fashion_kit.errors import ConflictError
from fashion_kit.ids import IdFactory
from fashion_kit.paging import Page, cut_page, decode_cursor
from storefront.models import MovementReason, Purchase, PurchaseStatus, PurchaseTransition
from storefront.outbox.repository import OutboxRepository
from storefront.payments.repository import PaymentRepository
from storefront.purchases.errors import PurchaseNotFoundError
from storefront.purchases.lifecycle import UNDONE, can_move
from storefront.purchases.lifecycle_repository import LifecycleRepository, PurchaseFilter
from storefront.purchases.lifecycle_schemas import TransitionView
from storefront.stock.repository import Movement, StockRepository

PROVIDER: Final = "payment-provider"
"""The actor of steps that nobody took but the provider's word."""
STAFF_MEMBER: Final = "staff"
_ULID: Final = r"[0-9A-HJKMNP-TV-Z]{26}"

View = TypeVar("View")


class ImpossibleMoveError(ConflictError):
    """Raised when a purchase cannot go where it is sent from the state it is in."""

    def __init__(self, present: str, target: PurchaseStatus) -> None:
        super().__init__(
            f"A purchase that is {present} cannot become {target}.", purchase_status=present
        )


class PurchaseHistory:
    """Shows purchases and their ways. `buyer_id` is whose may be seen; None for everybody's."""

    def __init__(self, purchases: LifecycleRepository, buyer_id: str | None) -> None:
        self._purchases = purchases
        self._buyer_id = buyer_id

    def get(self, purchase_id: str) -> Purchase:
        """Return the purchase; raise PurchaseNotFoundError if it is none to be seen."""
        purchase = self._purchases.get_one_or_none(purchase_id, self._buyer_id)
        if purchase is None:
            raise PurchaseNotFoundError(purchase_id)
        return purchase

    def transitions(self, purchase_id: str) -> list[TransitionView]:
        """Return every state the purchase was in, from the first."""
        purchase = self.get(purchase_id)
        placed = TransitionView(
            from_status=None,
            to_status=PurchaseStatus.PLACED,
            actor_id=purchase.user_id,
            moved_at=purchase.purchased_at,
        )
        steps = map(TransitionView.model_validate, self._purchases.transitions(purchase_id))
        return [placed, *(self._as_seen(step) for step in steps)]

    def page(
        self,
        wanted: PurchaseFilter,
        cursor: str | None,
        size: int,
        view: Callable[[Purchase], View],
    ) -> Page[View]:
        """Return a page of the purchases wanted, newest first."""
        if self._buyer_id is not None:
            wanted = wanted._replace(buyer_id=self._buyer_id)
        before = decode_cursor(cursor, pattern=_ULID) if cursor else None
        rows = self._purchases.list_before(wanted, before, limit=size + 1)
        items, next_cursor = cut_page(rows, size, key=lambda purchase: purchase.id)
        return Page(items=[view(purchase) for purchase in items], next_cursor=next_cursor)

    def _as_seen(self, step: TransitionView) -> TransitionView:
        if self._buyer_id is None or step.actor_id in (self._buyer_id, PROVIDER):
            return step
        return step.model_copy(update={"actor_id": STAFF_MEMBER})


class LifecycleService:
    """Moves purchases from state to state. The caller owns the transaction."""

    def __init__(
        self,
        purchases: LifecycleRepository,
        payments: PaymentRepository,
        stock: StockRepository,
        outbox: OutboxRepository,
        *,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._purchases = purchases
        self._payments = payments
        self._stock = stock
        self._outbox = outbox
        self._clock = clock
        self._new_id = new_id

    def lock(self, purchase_id: str, buyer_id: str | None = None) -> Purchase:
        """Return the purchase, locked; raise PurchaseNotFoundError if it is not the buyer's."""
        purchase = self._purchases.lock(purchase_id, buyer_id)
        if purchase is None:
            raise PurchaseNotFoundError(purchase_id)
        return purchase

    def move(self, purchase: Purchase, target: PurchaseStatus, actor_id: str) -> None:
        """Bring a locked purchase to the target; one that is there already stays as it is.

        Raises ImpossibleMoveError if no move leads there.
        """
        if purchase.status == target:
            return
        if not can_move(purchase.status, target):
            raise ImpossibleMoveError(purchase.status, target)
        now = self._clock()
        step = PurchaseTransition(
            purchase_id=purchase.id,
            from_status=purchase.status,
            to_status=target,
            actor_id=actor_id,
            moved_at=now,
        )
        purchase.status = target
        purchase.updated_at = now
        self._purchases.add_transition(step)
        if target in UNDONE:
            self._undo(purchase, UNDONE[target], now)

    def _undo(self, purchase: Purchase, reason: MovementReason, now: datetime) -> None:
        self._stock.lock(line.product_id for line in purchase.lines)
        self._stock.move(
            [
                Movement(line.product_id, line.quantity, reason, purchase.id)
                for line in purchase.lines
            ],
            now,
        )
        self._outbox.add(refund_events_of(purchase, now, self._new_id))
        # Written down before the provider is asked: whatever happens then, the money is owed.
        self._payments.owe_refund(purchase.id, f"purchase_{purchase.status}", now)


def refund_events_of(purchase: Purchase, now: datetime, new_id: IdFactory) -> Sequence[Interaction]:
    """Return what the stream is told of a purchase undone: one event for each line."""
    return [
        Interaction(
            event_id=new_id(),
            type=EventType.REFUND,
            user_id=purchase.user_id,
            session_id=purchase.id,
            purchase_id=purchase.id,
            product_id=line.product_id,
            quantity=line.quantity,
            price=line.unit_price,
            currency=purchase.currency,
            event_time=now,
            received_at=now,
            traceparent=tracing.traceparent(),
        )
        for line in purchase.lines
    ]
