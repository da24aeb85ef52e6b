"""Housekeeping's statements: each deletes at most `limit` of what ended before an instant.

Several at once are harmless: what one has deleted the other does not find.
"""

from datetime import datetime

from sqlalchemy import CursorResult, Delete, delete, select
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Session

from storefront.models import Cart, CartLine, IdempotencyKey, OutboxEvent, RefreshToken


def delete_idempotency_keys(session: Session, before: datetime, limit: int) -> int:
    """Forget answers: a key that comes again is a new one."""
    return _deleted(
        session, delete(IdempotencyKey).where(IdempotencyKey.created_at < before), limit
    )


def delete_refresh_tokens(session: Session, before: datetime, limit: int) -> int:
    """Forget refresh tokens that nobody can exchange any more."""
    return _deleted(session, delete(RefreshToken).where(RefreshToken.expires_at < before), limit)


def delete_sent_events(session: Session, before: datetime, limit: int) -> int:
    """Delete the outbox's rows that were sent; what waits stays, however old."""
    return _deleted(session, delete(OutboxEvent).where(OutboxEvent.sent_at < before), limit)


def delete_guest_carts(session: Session, before: datetime, limit: int) -> int:
    """Delete guests' carts that nobody has changed since, but none that somebody changes now."""
    statement = (
        select(Cart.id)
        .where(Cart.user_id.is_(None), Cart.updated_at < before)
        .order_by(Cart.updated_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    cart_ids = session.scalars(statement).all()
    if cart_ids:
        session.execute(delete(CartLine).where(CartLine.cart_id.in_(cart_ids)))
        session.execute(delete(Cart).where(Cart.id.in_(cart_ids)))
    return len(cart_ids)


def _deleted(session: Session, statement: Delete, limit: int) -> int:
    limited = statement.ext(mysql.limit(limit))
    result = session.execute(limited.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)  # noqa: S101 - what a DELETE returns
    return result.rowcount
