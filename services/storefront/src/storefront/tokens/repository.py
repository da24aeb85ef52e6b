"""The refresh tokens' statements."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from storefront.models import RefreshToken


class RefreshTokenRepository:
    """Reads, adds and ends refresh tokens.

    Whoever changes them has locked the user first, so that a login, an exchange and a new password
    at the same time come one after the other.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_user_id(self, token_hash: str) -> str | None:
        """Return whose token it is."""
        return self._session.scalar(
            select(RefreshToken.user_id).where(RefreshToken.token_hash == token_hash)
        )

    def get(self, token_hash: str) -> RefreshToken:
        """Return the token with this hash; there must be one."""
        return self._session.get_one(RefreshToken, token_hash)

    def add(self, token: RefreshToken) -> None:
        """Add the token."""
        self._session.add(token)
        self._session.flush()

    def revoke_family(self, family_id: str, now: datetime) -> None:
        """End every token that came from the same login."""
        self._revoke(RefreshToken.family_id == family_id, now)

    def revoke_all(self, user_id: str, now: datetime) -> None:
        """End every token of the user."""
        self._revoke(RefreshToken.user_id == user_id, now)

    def delete_all(self, user_id: str) -> None:
        """Forget every token of the user."""
        self._session.execute(delete(RefreshToken).where(RefreshToken.user_id == user_id))

    def _revoke(self, which: ColumnElement[bool], now: datetime) -> None:
        self._session.execute(
            update(RefreshToken)
            .where(which, RefreshToken.revoked_at.is_(None))
            .values(revoked_at=now)
        )
