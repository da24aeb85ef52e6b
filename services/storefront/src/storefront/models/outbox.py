"""The outbox: events that must follow a commit, written in the same transaction."""

from sqlalchemy import Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.mysql import BIGINT
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.base import TABLE_OPTIONS, Base, Instant, Ulid


class OutboxEvent(Base):
    """One stream record that waits for the relay, or has been sent."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "sent_at", "lane", "position"), TABLE_OPTIONS)

    position: Mapped[int] = mapped_column(BIGINT(unsigned=True), primary_key=True)
    event_id: Mapped[Ulid] = mapped_column(unique=True)
    lane: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    partition_key: Mapped[str] = mapped_column(String(64))
    payload: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]


class OutboxLane(Base):
    """A share of the shoppers. Whoever locks the row sends their events, so they keep order."""

    __tablename__ = "outbox_lanes"

    lane: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
