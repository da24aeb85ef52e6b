"""The outbox's statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zlib import crc32

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from fashion_contracts.events import Interaction
from storefront.models import OutboxEvent

LANES: Final = 16
"""How many lanes the table `outbox_lanes` has."""


def lane_of(partition_key: str) -> int:
    """Return the lane in which a shopper's events travel, in order."""
    return crc32(partition_key.encode()) % LANES


class OutboxRepository:
    """Leaves events, reads what waits, and marks what was sent."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, events: Sequence[Interaction]) -> None:
        """Leave the events to follow the caller's commit."""
        self._session.execute(
            insert(OutboxEvent),
            [
                {
                    "event_id": event.event_id,
                    "lane": lane_of(event.shopper_id),
                    "partition_key": event.shopper_id,
                    "payload": event.to_record().decode(),
                    "created_at": event.received_at,
                }
                for event in events
            ],
        )

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
