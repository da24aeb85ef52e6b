"""A guest logs in: what they did and chose as a guest is theirs as a user."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from fashion_contracts.events import EventType
from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from fashion_kit.logs import get_logger
from storefront.carts.repository import CartRepository, NewLine
from storefront.carts.schemas import MAX_LINES, MAX_QUANTITY
from storefront.outbox.account_events import account_event
from storefront.outbox.repository import OutboxRepository

log = get_logger(__name__)


class GuestMerge:
    """Makes a guest's cart and history a user's, within the caller's transaction."""

    def __init__(self, session: Session, *, clock: Clock, new_id: IdFactory) -> None:
        self._session = session
        self._outbox = OutboxRepository(session)
        self._clock = clock
        self._new_id = new_id

    def merge(self, anonymous_id: str, user_id: str) -> None:
        """Put the guest's cart into the user's, and tell the stream that both are one shopper.

        Both ids must have been proven. Once merged, the guest's cart is gone: a second merge finds
        none. The stream is told at every login, for what the guest did since the last one only the
        stream knows; told twice, it does nothing more.
        """
        self._merge_carts(anonymous_id, user_id)
        identified = account_event(
            EventType.IDENTIFY,
            user_id,
            event_id=self._new_id(),
            now=self._clock(),
            anonymous_id=anonymous_id,
        )
        self._outbox.add([identified])

    def _merge_carts(self, anonymous_id: str, user_id: str) -> None:
        # The guest's cart is always locked first: logins never wait for each other in a ring.
        guests = CartRepository(self._session, anonymous_id=anonymous_id)
        left = guests.lock()
        if left is None:
            return
        chosen = guests.lines(left.id)
        guests.delete(left.id)
        if not chosen:
            return
        now = self._clock()
        users = CartRepository(self._session, user_id=user_id)
        kept = users.open(self._new_id(), now)
        is_newer = left.updated_at >= kept.updated_at
        present = users.lines(kept.id)
        lines = merged_lines(present, chosen, is_newer=is_newer)
        users.put_lines(kept.id, lines)
        users.touch(kept, now)
        dropped = len({line.product_id for line in (*present, *chosen)}) - len(lines)
        log.info("guest_cart_merged", cart_id=kept.id, lines=len(lines), dropped=dropped)


def merged_lines(
    present: Sequence[NewLine], added: Sequence[NewLine], *, is_newer: bool
) -> list[NewLine]:
    """Return both carts' lines as one cart's, in product order: quantities add up.

    A product that is in both keeps the price that was shown last. Where a cart can hold no more
    lines or units, those that were present stay and what is added is cut.
    """
    lines = {line.product_id: line for line in present}
    for line in sorted(added):
        before = lines.get(line.product_id)
        if before is not None:
            quantity = min(before.quantity + line.quantity, MAX_QUANTITY)
            price = line.unit_price if is_newer else before.unit_price
            lines[line.product_id] = NewLine(line.product_id, quantity, price)
        elif len(lines) < MAX_LINES:
            lines[line.product_id] = line
    return sorted(lines.values())
