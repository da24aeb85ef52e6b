"""The users' decisions."""

from datetime import timedelta
from typing import Final

from fashion_contracts.events import EventType
from fashion_kit.clock import Clock
from fashion_kit.errors import ConflictError, ForbiddenError
from fashion_kit.etags import check_match
from fashion_kit.ids import IdFactory
from storefront.dependencies import UnknownUserError
from storefront.models import User
from storefront.outbox.account_events import account_event
from storefront.outbox.repository import OutboxRepository
from storefront.tokens.guests import Guests
from storefront.tokens.repository import RefreshTokenRepository
from storefront.users.passwords import Passwords
from storefront.users.repository import UserRepository
from storefront.users.schemas import (
    AccountErasure,
    PasswordChange,
    ProfileChange,
    UserRegistration,
    UserView,
)

# Whatever tells who a user is.
PERSONAL: Final = (
    "username",
    "first_name",
    "last_name",
    "email",
    "phone",
    "address",
    "sex",
    "birthdate",
    "password_hash",
)


class UserExistsError(ConflictError):
    """Raised when a username or an e-mail is taken; which of them is not said."""

    def __init__(self) -> None:
        super().__init__("The username or the e-mail address is taken.")


class WrongPasswordError(ForbiddenError):
    """Raised when a bearer does not know the account's password."""

    def __init__(self) -> None:
        super().__init__("The password is wrong or missing.")


class UserService:
    """Registers users, shows and changes their accounts, and erases them."""

    def __init__(
        self,
        users: UserRepository,
        refresh_tokens: RefreshTokenRepository,
        outbox: OutboxRepository,
        passwords: Passwords,
        *,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._users = users
        self._refresh_tokens = refresh_tokens
        self._outbox = outbox
        self._passwords = passwords
        self._clock = clock
        self._new_id = new_id

    def register(self, registration: UserRegistration, guests: Guests) -> UserView:
        """Add a user; raise UserExistsError if the username or the e-mail is taken."""
        now = self._clock()
        user = User(
            id=self._new_id(),
            password_hash=self._passwords.hash(registration.password.get_secret_value()),
            created_at=now,
            updated_at=now,
            **registration.model_dump(exclude={"password", "anonymous_token"}),
        )
        if not self._users.add(user):
            raise UserExistsError
        if registration.anonymous_token is not None:
            guests.take_over(registration.anonymous_token.get_secret_value(), user.id)
        return UserView.model_validate(user)

    def get(self, user_id: str) -> UserView:
        """Return the user; raise UnknownUserError if the account is gone."""
        user = self._users.get_one_or_none(user_id)
        if user is None:
            raise UnknownUserError
        return UserView.model_validate(user)

    def change(self, user_id: str, change: ProfileChange, if_match: str | None) -> UserView:
        """Change what is given, if the account is still the one that `if_match` names."""
        user = self._lock(user_id)
        check_match(if_match, UserView.model_validate(user).etag())
        for name, value in change.model_dump(exclude_unset=True).items():
            setattr(user, name, value)
        self._touch(user)
        if not self._users.save():
            raise UserExistsError
        return UserView.model_validate(user)

    def change_password(self, user_id: str, change: PasswordChange) -> None:
        """Change the password and end every login; raise WrongPasswordError without the old one."""
        user = self._lock(user_id)
        if not self._passwords.matches(
            change.current_password.get_secret_value(), user.password_hash
        ):
            raise WrongPasswordError
        user.password_hash = self._passwords.hash(change.new_password.get_secret_value())
        self._touch(user)
        self._refresh_tokens.revoke_all(user_id, self._clock())

    def erase(self, user_id: str, erasure: AccountErasure) -> None:
        """Forget who the user was, and tell the stream to; it follows what they did before.

        Raises WrongPasswordError unless they prove it once more.
        """
        user = self._lock(user_id)
        password = erasure.password.get_secret_value() if erasure.password else ""
        if user.password_hash is not None and not self._passwords.matches(
            password, user.password_hash
        ):
            raise WrongPasswordError
        for name in PERSONAL:
            setattr(user, name, None)
        self._touch(user)
        user.erased_at = user.updated_at
        self._users.delete_cart(user_id)
        self._refresh_tokens.delete_all(user_id)
        erased = account_event(
            EventType.ERASE, user_id, event_id=self._new_id(), now=user.updated_at
        )
        self._outbox.add([erased])

    def _lock(self, user_id: str) -> User:
        user = self._users.lock(user_id)
        if user is None:
            raise UnknownUserError
        return user

    def _touch(self, user: User) -> None:
        # The entity tag is made of it, so no two versions may share an instant.
        user.updated_at = max(self._clock(), user.updated_at + timedelta(microseconds=1))
