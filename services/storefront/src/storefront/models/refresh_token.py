"""Refresh tokens: each good for one exchange, and traceable to the login it came from."""

from sqlalchemy import CHAR, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.base import TABLE_OPTIONS, Base, Instant, Ulid


class RefreshToken(Base):
    """One refresh token, kept as a hash. One that comes a second time ends its whole family."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index(None, "family_id"),
        Index(None, "user_id"),
        Index(None, "expires_at"),
        TABLE_OPTIONS,
    )

    token_hash: Mapped[str] = mapped_column(CHAR(64), primary_key=True)
    family_id: Mapped[Ulid]
    user_id: Mapped[Ulid] = mapped_column(ForeignKey("users.id"))
    issued_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]
