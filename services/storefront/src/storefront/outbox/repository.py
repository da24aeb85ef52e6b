"""The outbox's statements."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zlib import crc32

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from fashion_contracts.events import Interaction
from storefront.bulk import in_sql, insert_rows
from storefront.models import OutboxEvent, OutboxLane

LANES: Final = 16
"""How many lanes the table `outbox_lanes` has."""


def lane_of(partition_key: str) -> int:
    """Return the lane in which a shopper's events travel, in order."""
    return crc32(partition_key.encode()) % LANES


class Waiting(NamedTuple):
    """What waits in the outbox."""

    rows: int
    oldest: datetime | None

    def lag(self, now: datetime) -> timedelta:
        """Return how long the oldest row has waited."""
        return timedelta() if self.oldest is None else max(now - self.oldest, timedelta())


class OutboxRepository:
    """Leaves events, reads what waits, and marks what was sent."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, events: Sequence[Interaction]) -> None:
        """Leave the events to follow the caller's commit."""
        insert_rows(
            self._session,
            OutboxEvent,
            ("event_id", "lane", "partition_key", "payload", "created_at"),
            [
                (
                    event.event_id,
                    lane_of(event.shopper_id),
                    event.shopper_id,
                    event.to_record().decode(),
                    in_sql(event.received_at),
                )
                for event in events
            ],
        )

    def end_if_silent(self, limit: timedelta) -> None:
        """Let the database end our transaction if it hears nothing of us for so long.

        A process that dies is noticed at once, a machine that vanishes is not.
        """
        self._session.execute(text(f"SET SESSION wait_timeout = {int(limit.total_seconds()):d}"))

    def count_waiting(self) -> Waiting:
        """Return how many rows wait, and since when; the index holds all that is counted."""
        waits = OutboxEvent.sent_at.is_(None)
        counted = select(func.count(), func.min(OutboxEvent.position)).where(waits)
        rows, first = self._session.execute(counted).one()
        oldest = select(OutboxEvent.created_at).where(OutboxEvent.position == first)
        return Waiting(rows, self._session.scalar(oldest) if rows else None)

    def waiting_lanes(self) -> Sequence[int]:
        """Return the lanes in which something waits: one look into the index for each."""
        waits = (
            select(OutboxEvent.position)
            .where(OutboxEvent.sent_at.is_(None), OutboxEvent.lane == OutboxLane.lane)
            .order_by(OutboxEvent.position)
            .limit(1)
            .scalar_subquery()
        )
        statement = select(OutboxLane.lane).where(waits.is_not(None)).order_by(OutboxLane.lane)
        return self._session.scalars(statement).all()

    def lock_lane(self, lane: int) -> bool:
        """Hold the lane until the end of the transaction; False if another relay holds it."""
        statement = select(OutboxLane.lane).where(OutboxLane.lane == lane)
        return self._session.scalar(statement.with_for_update(skip_locked=True)) is not None

    def waiting(
        self, lane: int, limit: int, *, besides: Collection[str] = ()
    ) -> Sequence[OutboxEvent]:
        """Return the oldest rows that wait in the lane, besides those of some shoppers.

        Only `sent_at` says what waits. Positions are given at the insert and become visible at the
        commit, in another order: whoever remembered the last one would miss some. The lane must be
        locked in an earlier statement, so that what its last holder sent is seen as sent.
        """
        statement = (
            select(OutboxEvent)
            .where(OutboxEvent.sent_at.is_(None), OutboxEvent.lane == lane)
            .order_by(OutboxEvent.position)
            .limit(limit)
        )
        if besides:
            statement = statement.where(OutboxEvent.partition_key.not_in(besides))
        return self._session.scalars(statement).all()

    def mark_sent(self, positions: Sequence[int], sent_at: datetime) -> None:
        """Note when the rows were sent."""
        self._session.execute(
            update(OutboxEvent)
            .where(OutboxEvent.position.in_(positions))
            .values(sent_at=sent_at)
            .execution_options(synchronize_session=False)
        )
