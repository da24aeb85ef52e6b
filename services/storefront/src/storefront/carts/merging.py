"""A guest logs in: what they did and chose as a guest is theirs as a user."""

from sqlalchemy.orm import Session

from fashion_contracts.events import EventType, Interaction
from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from storefront.outbox.repository import OutboxRepository


class GuestMerge:
    """Makes a guest's cart and history a user's, within the caller's transaction."""

    def __init__(self, session: Session, *, clock: Clock, new_id: IdFactory) -> None:
        self._outbox = OutboxRepository(session)
        self._clock = clock
        self._new_id = new_id

    def merge(self, anonymous_id: str, user_id: str) -> None:
        """Tell the stream that both are one shopper. Both ids must have been proven."""
        now = self._clock()
        event_id = self._new_id()
        identified = Interaction(
            event_id=event_id,
            type=EventType.IDENTIFY,
            user_id=user_id,
            anonymous_id=anonymous_id,
            session_id=event_id,
            event_time=now,
            received_at=now,
        )
        self._outbox.add([identified])
