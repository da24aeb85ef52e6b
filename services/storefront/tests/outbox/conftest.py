"""A relay whose stream fails as a test wants, and rows that wait for it."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fashion_contracts.events import EventType, Interaction
from fashion_kit.batcher import Refused
from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from storefront.database import Sessions
from storefront.models import OutboxEvent
from storefront.outbox.relay import Relay
from storefront.outbox.repository import OutboxRepository
from storefront.settings import StorefrontSettings
from storefront.stream import StreamPublisher, StreamRecord, StreamUnavailableError


class FlakyPublisher(StreamPublisher):
    """The real publisher, which refuses some records, or dies after it put them."""

    def __init__(self, real: StreamPublisher) -> None:
        super().__init__(real._client, real._stream)
        self.refused: set[str] = set()
        self.dies_after_put = False

    def put(self, records: Sequence[StreamRecord]) -> list[str | Refused]:
        """Put all but the refused records."""
        taken = [record for record in records if record.partition_key not in self.refused]
        answers = iter(super().put(taken)) if taken else iter(())
        if self.dies_after_put:
            self.dies_after_put = False
            raise StreamUnavailableError
        return [
            Refused("throttled") if record.partition_key in self.refused else next(answers)
            for record in records
        ]


@pytest.fixture
def flaky(publisher: StreamPublisher) -> FlakyPublisher:
    return FlakyPublisher(publisher)


@pytest.fixture
def relay(
    sessions: Sessions, flaky: FlakyPublisher, storefront_settings: StorefrontSettings
) -> Relay:
    return Relay(sessions, flaky, storefront_settings, clock=utc_now)


def leave(session: Session, *owners: str) -> list[str]:
    """Leave an event of each owner in the outbox; return the event ids."""
    events = [
        Interaction(
            event_id=new_id(),
            type=EventType.PURCHASE,
            user_id=owner,
            session_id="s",
            product_id=1,
            event_time=utc_now(),
            received_at=utc_now(),
        )
        for owner in owners
    ]
    OutboxRepository(session).add(events)
    session.commit()
    return [event.event_id for event in events]


def waiting(session: Session) -> list[str]:
    session.rollback()
    statement = select(OutboxEvent.event_id).where(OutboxEvent.sent_at.is_(None))
    return list(session.scalars(statement.order_by(OutboxEvent.position)))
