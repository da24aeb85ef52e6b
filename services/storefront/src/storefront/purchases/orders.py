"""What becomes of the orders of one batch: decided in the order in which they came."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Self

from fashion_contracts.events import EventType, Interaction
from fashion_kit import tracing
from fashion_kit.clock import Clock
from fashion_kit.errors import ShopError
from fashion_kit.ids import IdFactory
from fashion_kit.tokens import Identity
from storefront.dependencies import UnknownUserError
from storefront.models import PurchaseStatus
from storefront.purchases.answers import Given, Key
from storefront.purchases.errors import OutOfStockError
from storefront.purchases.idempotency import Answer
from storefront.purchases.pricing import Tariff
from storefront.purchases.rules import Allocator, Placed, SaleLine, Wish
from storefront.purchases.schemas import PurchaseRequest, PurchaseView

CREATED: Final = 201

Outcome = Answer | Exception


@dataclass(frozen=True)
class Terms:
    """By what purchases are placed: prices, time, ids, and how long an answer is repeated."""

    tariff: Tariff
    key_lifetime: timedelta
    clock: Clock
    new_id: IdFactory


class Order(NamedTuple):
    """A request to buy, with the key that makes it one purchase however often it comes."""

    buyer: Identity
    key: Key
    request_hash: str
    wish: Wish
    traceparent: str | None = None
    """Where the order stands in its request's trace: it is placed with others, in a thread."""

    @classmethod
    def of(cls, buyer: Identity, key: str, request: PurchaseRequest) -> Self:
        """Return the buyer's request as an order."""
        wish = Wish.of(buyer.user_id, request)
        placed_in = tracing.traceparent()
        return cls(buyer, Key(buyer.user_id, key), request.digest(), wish, placed_in)


@dataclass
class Decisions:
    """The outcome of each order, and what has to be written before anybody hears of it."""

    outcomes: list[Outcome] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    answers: dict[Key, tuple[str, Answer]] = field(default_factory=dict)

    @property
    def refused(self) -> list[int]:
        """Return which orders were refused."""
        return [at for at, outcome in enumerate(self.outcomes) if isinstance(outcome, Exception)]

    @property
    def is_short(self) -> bool:
        """Say whether somebody was told that too few units are left."""
        return any(isinstance(outcome, OutOfStockError) for outcome in self.outcomes)


def decide(
    orders: Iterable[Order],
    given: Mapping[Key, Given],
    buyers: Collection[str],
    allocator: Allocator,
    new_id: IdFactory,
) -> Decisions:
    """Decide each order; one that is refused takes nothing and stands in nobody's way.

    `given` are the answers of earlier transactions, `buyers` whose accounts are alive. A key that
    comes twice gets the first one's answer, unless that was an error: then it is a new one.
    """
    decisions = Decisions()
    known = dict(given)
    for order in orders:
        try:
            if order.key in known:
                decisions.outcomes.append(known[order.key].again(order.request_hash))
                continue
            if order.buyer.user_id not in buyers:
                raise UnknownUserError
            sale = allocator.grant(order.wish)
            placed = Placed(new_id(), order.buyer.user_id, sale, order.traceparent)
        except ShopError as error:
            decisions.outcomes.append(error)
            continue
        answer = Answer(CREATED, _body(placed, allocator.snapshot.now))
        known[order.key] = Given(order.request_hash, answer)
        decisions.answers[order.key] = (order.request_hash, answer)
        decisions.placed.append(placed)
        decisions.outcomes.append(answer)
    return decisions


def events_of(placed: Placed, now: datetime, new_id: IdFactory) -> list[Interaction]:
    """Return what the stream is told of a purchase: one event for each line."""
    first, *others = placed.sale.lines
    event = Interaction(
        event_id=new_id(),
        type=EventType.PURCHASE,
        user_id=placed.user_id,
        # A purchase knows no visit; this keeps its lines together where visits are counted.
        session_id=placed.id,
        purchase_id=placed.id,
        product_id=first.product_id,
        quantity=first.quantity,
        price=first.unit_price,
        currency=placed.sale.currency,
        event_time=now,
        received_at=now,
        traceparent=placed.traceparent,
    )
    return [event, *(_same_for(event, line, new_id()) for line in others)]


def _same_for(event: Interaction, line: SaleLine, event_id: str) -> Interaction:
    # Not validated again: the line's parts are as much the shop's own as the first one's.
    return event.model_copy(
        update={
            "event_id": event_id,
            "product_id": line.product_id,
            "quantity": line.quantity,
            "price": line.unit_price,
        }
    )


def _body(placed: Placed, now: datetime) -> str:
    sale = placed.sale
    view = PurchaseView(
        **sale.charge._asdict(),
        currency=sale.currency,
        id=placed.id,
        status=PurchaseStatus.PLACED,
        purchased_at=now,
        lines=[line._asdict() for line in sale.lines],
    )
    return view.model_dump_json()
