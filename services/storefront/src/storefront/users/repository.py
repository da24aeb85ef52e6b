"""The users' statements."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.models import User


class UserRepository:
    """Reads and adds users."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, user: User) -> bool:
        """Add the user; return False if the username or the e-mail is another's."""
        self._session.add(user)
        try:
            self._session.flush()
        except IntegrityError:
            return False
        return True

    def get_one_or_none(self, user_id: str) -> User | None:
        """Return the user with this id."""
        return self._session.get(User, user_id)

    def get_by_username(self, username: str) -> User | None:
        """Return the user with this username."""
        return self._session.scalar(select(User).where(User.username == username))
