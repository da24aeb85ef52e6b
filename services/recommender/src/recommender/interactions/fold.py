"""Folding events into what is known of a shopper: pure, and indifferent to order and repetition.

History, cart and bought are sets that merge: the history keeps the latest acts of the union, a mark
(in the cart or not, bought or not) yields to a later one of the same product. What falls out at the
end is older than all that stays, and what stays only gets newer, so it cannot come back. Hence any
order and any repetition of the same events end in the same bytes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import (
    BOUGHT_LENGTH,
    CART_LENGTH,
    HISTORY_LENGTH,
    INTEREST_TYPES,
    Act,
    Mark,
    Shopper,
    event_hash,
    ticks_of,
)

# What an act means for the cart and for what is bought: begun (False), ended (True).
_CART_ENDED: Final = {
    EventType.ADD_TO_CART: False,
    EventType.REMOVE_FROM_CART: True,
    EventType.PURCHASE: True,
}
_BOUGHT_ENDED: Final = {EventType.PURCHASE: False, EventType.REFUND: True}


def fold(shopper: Shopper, events: Iterable[Interaction]) -> Shopper:
    """Return the shopper with these events taken into account; picks are not ranked anew."""
    events = list(events)
    return replace(
        shopper,
        history=merge_history(shopper.history, _acts_of(events)),
        cart=merge_marks(shopper.cart, _marks_of(events, _CART_ENDED), keep=CART_LENGTH),
        bought=merge_marks(shopper.bought, _marks_of(events, _BOUGHT_ENDED), keep=BOUGHT_LENGTH),
    )


def join(shopper: Shopper, guest: Shopper) -> Shopper:
    """Return the shopper with what the guest did, who was the same person before the login."""
    return replace(
        shopper,
        history=merge_history(shopper.history, guest.history),
        cart=merge_marks(shopper.cart, guest.cart, keep=CART_LENGTH),
        bought=merge_marks(shopper.bought, guest.bought, keep=BOUGHT_LENGTH),
    )


def merge_history(known: Iterable[Act], new: Iterable[Act]) -> tuple[Act, ...]:
    """Return the latest acts of both, each event once; an event told twice counts at its first."""
    union: dict[tuple[int, EventType, int], Act] = {}
    for act in (*known, *new):
        identity = (act.product_id, act.type, act.event_hash)
        union[identity] = min(act, union.get(identity, act))
    return tuple(sorted(union.values())[-HISTORY_LENGTH:])


def merge_marks(known: Iterable[Mark], new: Iterable[Mark], *, keep: int) -> tuple[Mark, ...]:
    """Return the latest mark of each product, and of these the latest."""
    union: dict[int, Mark] = {}
    for mark in (*known, *new):
        union[mark.product_id] = max(mark, union.get(mark.product_id, mark))
    return tuple(sorted(union.values())[-keep:])


def _acts_of(events: Iterable[Interaction]) -> Iterator[Act]:
    for event in events:
        if event.type in INTEREST_TYPES and event.product_id is not None:
            hashed = event_hash(event.event_id)
            yield Act(_ticks(event), hashed, event.product_id, event.type)


def _marks_of(events: Iterable[Interaction], ended: dict[EventType, bool]) -> Iterator[Mark]:
    for event in events:
        if event.type in ended and event.product_id is not None:
            yield Mark(_ticks(event), ended[event.type], event.product_id)


def _ticks(event: Interaction) -> int:
    """Return when it happened; a client's clock that is ahead is not believed."""
    return ticks_of(min(event.event_time, event.received_at))
