"""The users' decisions."""

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fashion_kit.clock import Clock
from fashion_kit.errors import ConflictError, NotFoundError, UnauthorizedError
from fashion_kit.ids import IdFactory
from fashion_kit.tokens import Identity, issue_token
from storefront.models import User
from storefront.users.passwords import Passwords
from storefront.users.repository import UserRepository
from storefront.users.schemas import TokenView, UserRegistration, UserView


class UserExistsError(ConflictError):
    """Raised when a username or an e-mail is taken; which of them is not said."""

    def __init__(self) -> None:
        super().__init__("The username or the e-mail address is taken.")


class UserNotFoundError(NotFoundError):
    """Raised when a token is good but its user is gone."""

    def __init__(self) -> None:
        super().__init__("There is no such user any more.")


class InvalidCredentialsError(UnauthorizedError):
    """Raised when username and password do not belong together."""

    def __init__(self) -> None:
        super().__init__("The username or the password is wrong.")


class UserService:
    """Registers users, tells them who they are, and gives them tokens."""

    def __init__(self, users: UserRepository, passwords: Passwords) -> None:
        self._users = users
        self._passwords = passwords

    def register(
        self, registration: UserRegistration, *, clock: Clock, new_id: IdFactory
    ) -> UserView:
        """Add a user; raise UserExistsError if the username or the e-mail is taken."""
        now = clock()
        user = User(
            id=new_id(),
            password_hash=self._passwords.hash(registration.password.get_secret_value()),
            created_at=now,
            updated_at=now,
            **registration.model_dump(exclude={"password"}),
        )
        if not self._users.add(user):
            raise UserExistsError
        return UserView.model_validate(user)

    def get(self, user_id: str) -> UserView:
        """Return the user; raise UserNotFoundError if the account is gone."""
        user = self._users.get_one_or_none(user_id)
        if user is None:
            raise UserNotFoundError
        return UserView.model_validate(user)

    def authenticate(self, username: str, password: str) -> Identity:
        """Return who this is; raise InvalidCredentialsError if they cannot prove it."""
        user = self._users.get_by_username(username.strip().lower())
        if not self._passwords.matches(password, user.password_hash if user else None):
            raise InvalidCredentialsError
        assert user is not None  # noqa: S101 - nobody's password matches nothing
        return Identity(user.id, user.role)


def token_for(
    identity: Identity, private_key: Ed25519PrivateKey, *, clock: Clock, lifetime: timedelta
) -> TokenView:
    """Return a fresh bearer token."""
    token = issue_token(identity, private_key, now=clock(), lifetime=lifetime)
    return TokenView(access_token=token, expires_in=int(lifetime.total_seconds()))
