"""Idempotency keys: the memory that makes a retried purchase the same purchase."""

from sqlalchemy import CHAR, Index, String
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.base import TABLE_OPTIONS, Base, Instant, Ulid


class IdempotencyKey(Base):
    """One key of one user, the request it was first used for, and the answer given to it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"), TABLE_OPTIONS)

    user_id: Mapped[Ulid] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[str] = mapped_column(CHAR(64))
    status_code: Mapped[int | None]
    response_body: Mapped[str | None] = mapped_column(MEDIUMTEXT)
    created_at: Mapped[Instant]
