"""What the stream is told of an account: events of no product, and of no visit but their own."""

from datetime import datetime

from fashion_contracts.events import EventType, Interaction
from fashion_kit import tracing


def account_event(
    type_: EventType, user_id: str, *, event_id: str, now: datetime, anonymous_id: str | None = None
) -> Interaction:
    """Return the event that tells what became of the user's account just now."""
    return Interaction(
        event_id=event_id,
        type=type_,
        user_id=user_id,
        anonymous_id=anonymous_id,
        session_id=event_id,
        event_time=now,
        received_at=now,
        traceparent=tracing.traceparent(),
    )
