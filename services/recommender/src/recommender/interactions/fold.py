"""Folding events into what is known of a shopper: pure, and indifferent to order and repetition.

History, cart and bought are sets that merge: the history keeps the latest acts of the union, a mark
(in the cart or not, bought or not) yields to a later one of the same product. What falls out at the
end is older than all that stays, and what stays only gets newer, so it cannot come back. Hence any
order and any repetition of the same events end in the same bytes.
"""

from collections.abc import Iterable, Sequence
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
    acts: list[Act] = []
    cart: list[Mark] = []
    bought: list[Mark] = []
    for event in events:
        product_id, type_ = event.product_id, event.type
        if product_id is None:
            continue
        # A client's clock that is ahead is not believed; nor a server's, see `decode`.
        ticks = ticks_of(min(event.event_time, event.received_at))
        if type_ in INTEREST_TYPES:
            acts.append(Act(ticks, event_hash(event.event_id), product_id, type_))
        if type_ in _CART_ENDED:
            cart.append(Mark(ticks, _CART_ENDED[type_], product_id))
        if type_ in _BOUGHT_ENDED:
            bought.append(Mark(ticks, _BOUGHT_ENDED[type_], product_id))
    return replace(
        shopper,
        history=merge_history(shopper.history, acts),
        cart=merge_marks(shopper.cart, cart, keep=CART_LENGTH),
        bought=merge_marks(shopper.bought, bought, keep=BOUGHT_LENGTH),
    )


def join(shopper: Shopper, guest: Shopper) -> Shopper:
    """Return the shopper with what the guest did, who was the same person before the login."""
    return replace(
        shopper,
        history=merge_history(shopper.history, guest.history),
        cart=merge_marks(shopper.cart, guest.cart, keep=CART_LENGTH),
        bought=merge_marks(shopper.bought, guest.bought, keep=BOUGHT_LENGTH),
    )


def merge_history(known: Sequence[Act], new: Iterable[Act]) -> tuple[Act, ...]:
    """Return the latest acts of both, each event once; an event told twice counts at its first.

    The known are told apart already, and the new are few.
    """
    acts = list(known)
    for act in new:
        place = _place_of(act, acts)
        if place is None:
            acts.append(act)
        else:
            acts[place] = min(act, acts[place])
    acts.sort()
    return tuple(acts[-HISTORY_LENGTH:])


def merge_marks(known: Sequence[Mark], new: Iterable[Mark], *, keep: int) -> tuple[Mark, ...]:
    """Return the latest mark of each product, and of these the latest."""
    union = {mark.product_id: mark for mark in known}
    for mark in new:
        union[mark.product_id] = max(mark, union.get(mark.product_id, mark))
    return tuple(sorted(union.values())[-keep:])


def _place_of(act: Act, acts: Sequence[Act]) -> int | None:
    """Return where the same event's act is, if it is there: the one that differs in time only."""
    identity = act[1:]
    for place, other in enumerate(acts):
        if other.event_hash == act.event_hash and other[1:] == identity:
            return place
    return None
