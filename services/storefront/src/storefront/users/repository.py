"""The users' statements."""

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.models import Cart, CartLine, User


class UserRepository:
    """Reads, adds and changes users."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, user: User) -> bool:
        """Add the user; return False if the username or the e-mail is another's."""
        self._session.add(user)
        return self.save()

    def save(self) -> bool:
        """Write what was changed; return False if the username or the e-mail is another's."""
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

    def lock(self, user_id: str) -> User | None:
        """Return the user, the row locked until the commit; None if there is none or no longer."""
        statement = select(User).where(User.id == user_id, User.erased_at.is_(None))
        return self._session.scalar(statement.with_for_update())

    def delete_cart(self, user_id: str) -> None:
        """Delete the user's cart with its lines."""
        # The row is locked first: nobody puts a line into it between the two deletions.
        cart = select(Cart.id).where(Cart.user_id == user_id).with_for_update()
        cart_id = self._session.scalar(cart)
        if cart_id is not None:
            self._session.execute(delete(CartLine).where(CartLine.cart_id == cart_id))
            self._session.execute(delete(Cart).where(Cart.id == cart_id))
