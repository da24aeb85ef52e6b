"""The outbox's statements."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.models import OutboxEvent


class OutboxRepository:
    """Reads what waits, and marks what was sent."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock_waiting(self, limit: int) -> Sequence[OutboxEvent]:
        """Return the oldest rows that wait and that no other relay holds.

        Only `sent_at` says what waits. Positions are given at the insert and become visible at the
        commit, in another order: whoever remembered the last one would miss some.
        """
        statement = (
            select(OutboxEvent)
            .where(OutboxEvent.sent_at.is_(None))
            .order_by(OutboxEvent.position)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return self._session.scalars(statement).all()

    def mark_sent(self, positions: Sequence[int], sent_at: datetime) -> None:
        """Note when the rows were sent."""
        self._session.execute(
            update(OutboxEvent)
            .where(OutboxEvent.position.in_(positions))
            .values(sent_at=sent_at)
            .execution_options(synchronize_session=False)
        )
