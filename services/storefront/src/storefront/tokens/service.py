"""The tokens' decisions."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fashion_kit.clock import Clock
from fashion_kit.ids import IdFactory
from fashion_kit.logs import get_logger
from fashion_kit.tokens import Identity, issue_token
from storefront.dependencies import Role
from storefront.models import RefreshToken, User
from storefront.settings import TokenSettings
from storefront.tokens.repository import RefreshTokenRepository
from storefront.tokens.schemas import GuestView, TokenView
from storefront.users.repository import UserRepository

_SECRET_BYTES: Final = 32

log = get_logger(__name__)


class TokenMint:
    """Makes tokens; keeps nothing."""

    def __init__(
        self, private_key: Ed25519PrivateKey, settings: TokenSettings, *, clock: Clock
    ) -> None:
        self._private_key = private_key
        self._settings = settings
        self._clock = clock

    def tokens_of(self, user: User, family_id: str) -> tuple[TokenView, RefreshToken]:
        """Return the user's next tokens, and what is kept of the one for the refresh."""
        now = self._clock()
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        lifetime = self._settings.token_lifetime
        view = TokenView(
            access_token=self._signed(Identity(user.id, user.role), now, lifetime),
            expires_in=int(lifetime.total_seconds()),
            refresh_token=secret,
        )
        kept = RefreshToken(
            token_hash=hash_of(secret),
            family_id=family_id,
            user_id=user.id,
            issued_at=now,
            expires_at=now + self._settings.refresh_token_lifetime,
        )
        return view, kept

    def guest(self, new_id: str) -> GuestView:
        """Return a new guest. The id's prefix keeps it apart from every user's."""
        anonymous_id = f"anon-{new_id.lower()}"
        lifetime = self._settings.anonymous_token_lifetime
        identity = Identity(anonymous_id, Role.ANONYMOUS)
        return GuestView(
            anonymous_id=anonymous_id,
            access_token=self._signed(identity, self._clock(), lifetime),
            expires_in=int(lifetime.total_seconds()),
        )

    def _signed(self, identity: Identity, now: datetime, lifetime: timedelta) -> str:
        return issue_token(identity, self._private_key, now=now, lifetime=lifetime)


class TokenService:
    """Gives, exchanges and ends a user's tokens, within the caller's transaction."""

    def __init__(
        self,
        refresh_tokens: RefreshTokenRepository,
        users: UserRepository,
        mint: TokenMint,
        *,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._refresh_tokens = refresh_tokens
        self._users = users
        self._mint = mint
        self._clock = clock
        self._new_id = new_id

    def start(self, user_id: str, proven_hash: str) -> TokenView | None:
        """Return the first tokens of a login; None if the password is another by now."""
        user = self._users.lock(user_id)
        if user is None or user.password_hash != proven_hash:
            return None
        return self._give(user, self._new_id())

    def exchange(self, secret: str) -> TokenView | None:
        """Return the next tokens for a refresh token; None if it does not hold.

        One that was used before is in two hands, and nobody knows whose are the right ones: every
        token of its login ends. The caller must commit that.
        """
        user = self._lock_owner(secret)
        if user is None:
            return None
        now = self._clock()
        token = self._refresh_tokens.get(hash_of(secret))
        if token.used_at is not None:
            log.warning("refresh_token_reused", user_id=user.id, family_id=token.family_id)
            self._refresh_tokens.revoke_family(token.family_id, now)
            return None
        if token.revoked_at is not None or token.expires_at <= now:
            return None
        token.used_at = now
        return self._give(user, token.family_id)

    def revoke(self, secret: str) -> None:
        """End every token of the login that the refresh token comes from, if there is one."""
        if self._lock_owner(secret) is not None:
            family_id = self._refresh_tokens.get(hash_of(secret)).family_id
            self._refresh_tokens.revoke_family(family_id, self._clock())

    def _lock_owner(self, secret: str) -> User | None:
        user_id = self._refresh_tokens.get_user_id(hash_of(secret))
        return None if user_id is None else self._users.lock(user_id)

    def _give(self, user: User, family_id: str) -> TokenView:
        view, kept = self._mint.tokens_of(user, family_id)
        self._refresh_tokens.add(kept)
        return view


def hash_of(secret: str) -> str:
    """Return what is kept of a refresh token. It is random: a slow hash would add nothing."""
    return sha256(secret.encode()).hexdigest()
