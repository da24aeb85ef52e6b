"""What there is to clear."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from storefront.housekeeping.repository import (
    delete_guest_carts,
    delete_idempotency_keys,
    delete_refresh_tokens,
    delete_sent_events,
)
from storefront.purchases.reservations import release_expired
from storefront.settings import RelaySettings


class Task(NamedTuple):
    """One kind of thing that is over at some time, and how to clear it.

    `clear(session, before, limit)` clears at most `limit` of what was over before an instant, and
    returns how many that were. `kept` is how long they are kept once they are over.
    """

    name: str
    clear: Callable[[Session, datetime, int], int]
    kept: timedelta = timedelta(0)


def tasks_of(settings: RelaySettings) -> tuple[Task, ...]:
    """Return every task."""
    return (
        Task("idempotency_keys", delete_idempotency_keys, settings.idempotency_key_lifetime),
        Task("refresh_tokens", delete_refresh_tokens),
        Task("outbox", delete_sent_events, settings.outbox_retention),
        Task("guest_carts", delete_guest_carts, settings.guest_cart_lifetime),
        Task("reservations", release_expired),
    )
