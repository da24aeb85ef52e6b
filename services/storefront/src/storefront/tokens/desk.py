"""Where tokens are given: the service's decisions, each committed before its answer."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import Request
from sqlalchemy.orm import Session

from storefront.carts.merging import GuestMerge
from storefront.database import run_in_transaction
from storefront.dependencies import ClockDep, NewIdDep, SessionsDep, SettingsDep
from storefront.tokens.errors import InvalidCredentialsError, InvalidRefreshTokenError
from storefront.tokens.guests import Guests
from storefront.tokens.repository import RefreshTokenRepository
from storefront.tokens.schemas import GuestView, TokenView
from storefront.tokens.service import TokenMint, TokenService
from storefront.users.passwords import Passwords
from storefront.users.repository import UserRepository

Result = TypeVar("Result")


class TokenDesk:
    """Gives tokens, each time in a transaction of its own that begins anew after a deadlock.

    Not in the request's: that a stolen token came back is kept although the answer is an error.
    """

    def __init__(
        self,
        request: Request,
        sessions: SessionsDep,
        settings: SettingsDep,
        clock: ClockDep,
        new_id: NewIdDep,
    ) -> None:
        self._state = request.state
        self._sessions = sessions
        self._attempts = settings.transaction_attempts
        self._clock = clock
        self._new_id = new_id
        self._mint = TokenMint(request.state.private_key, settings, clock=clock)

    def log_in(self, username: str, password: str, anonymous_token: str | None) -> TokenView:
        """Return the user's tokens; raise InvalidCredentialsError without the right password."""
        name = username.strip().lower()
        user = self._committed(lambda session: UserRepository(session).get_by_username(name))
        proven_hash = user.password_hash if user else None
        passwords: Passwords = self._state.passwords
        # Between two transactions, so that nobody's connection waits for the hash.
        if not passwords.matches(password, proven_hash) or user is None or proven_hash is None:
            raise InvalidCredentialsError
        user_id = user.id

        def work(session: Session) -> TokenView | None:
            tokens = self._service(session).start(user_id, proven_hash)
            if tokens is not None and anonymous_token is not None:
                merge = GuestMerge(session, clock=self._clock, new_id=self._new_id)
                Guests(merge, self._state.verifier.own).take_over(anonymous_token, user_id)
            return tokens

        tokens = self._committed(work)
        if tokens is None:
            raise InvalidCredentialsError
        return tokens

    def refresh(self, refresh_token: str) -> TokenView:
        """Return the next tokens; raise InvalidRefreshTokenError if this one does not hold."""
        tokens = self._committed(lambda session: self._service(session).exchange(refresh_token))
        if tokens is None:
            raise InvalidRefreshTokenError
        return tokens

    def revoke(self, refresh_token: str) -> None:
        """End the login that the refresh token comes from; another text ends nothing."""
        self._committed(lambda session: self._service(session).revoke(refresh_token))

    def guest(self) -> GuestView:
        """Return a new guest."""
        return self._mint.guest(self._new_id())

    def _service(self, session: Session) -> TokenService:
        refresh_tokens = RefreshTokenRepository(session)
        users = UserRepository(session)
        return TokenService(
            refresh_tokens, users, self._mint, clock=self._clock, new_id=self._new_id
        )

    def _committed(self, work: Callable[[Session], Result]) -> Result:
        return run_in_transaction(self._sessions, work, attempts=self._attempts)
