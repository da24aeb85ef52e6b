"""What endpoints ask for: a session, who is asking, the clock, new ids."""

from collections.abc import AsyncIterator, Iterator
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import select
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.orm import Session

from fashion_kit.clock import Clock
from fashion_kit.errors import ForbiddenError, NotFoundError, UnauthorizedError
from fashion_kit.ids import IdFactory
from fashion_kit.tokens import ISSUER, Identity, TokenVerifier
from storefront.database import Sessions, transaction
from storefront.models import User
from storefront.settings import StorefrontSettings
from storefront.turns import Turns

_bearer = OAuth2PasswordBearer("token", refreshUrl="token", auto_error=False)


class Role(StrEnum):
    """What a bearer may do."""

    ANONYMOUS = "anonymous"
    """A shopper who is not logged in: has a cart, and nothing else."""
    CUSTOMER = "customer"
    SERVICE = "service"
    """Another system of the shop, such as the warehouse."""
    ADMIN = "admin"


class MissingTokenError(UnauthorizedError):
    """Raised when an endpoint needs to know who is asking and nobody says so."""

    def __init__(self) -> None:
        super().__init__("This needs a bearer token; POST /token gives one.")


class WrongRoleError(ForbiddenError):
    """Raised when the bearer's role is not one that may do this."""

    def __init__(self, *allowed: Role) -> None:
        super().__init__(f"This is for the role {' or '.join(allowed)}.")


class UnknownUserError(UnauthorizedError):
    """Raised when a token is good but its user is gone."""

    def __init__(self) -> None:
        super().__init__("There is no such user any more.")


class UsersElsewhereError(NotFoundError):
    """Raised when users are to register or log in here, and another issuer does that."""

    def __init__(self, issuer: str) -> None:
        super().__init__(f"Users register and log in at {issuer}.", issuer=issuer)


async def get_settings(request: Request) -> StorefrontSettings:
    """Return the settings the service runs with."""
    settings: StorefrontSettings = request.state.settings
    return settings


async def get_clock(request: Request) -> Clock:
    """Return the clock."""
    clock: Clock = request.state.clock
    return clock


async def get_new_id(request: Request) -> IdFactory:
    """Return the maker of ids."""
    new_id: IdFactory = request.state.new_id
    return new_id


async def get_sessions(request: Request) -> Sessions:
    """Return the session factory, for work that must begin anew when it met a deadlock."""
    sessions: Sessions = request.state.sessions
    return sessions


async def take_turn(request: Request) -> AsyncIterator[None]:
    """Wait for a turn to work with the database, and give it back after the commit.

    A request keeps its connection while it moves from thread to thread. Without turns, threads that
    wait for a connection and connections that wait for a thread would wait for each other.
    """
    turns: Turns = request.state.turns
    async with turns.one():
        yield


def get_session(
    request: Request, _: Annotated[None, Depends(take_turn, scope="function")]
) -> Iterator[Session]:
    """Yield the request's session. It is committed when the endpoint returned, else rolled back."""
    sessions: Sessions = request.state.sessions
    with transaction(sessions) as session:
        yield session


# `function`: the commit comes before the answer. The default would answer first, and a client could
# hold a 201 for something that is never committed.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]
SessionsDep = Annotated[Sessions, Depends(get_sessions)]
SettingsDep = Annotated[StorefrontSettings, Depends(get_settings)]
ClockDep = Annotated[Clock, Depends(get_clock)]
NewIdDep = Annotated[IdFactory, Depends(get_new_id)]


async def get_identity(
    request: Request, token: Annotated[str | None, Depends(_bearer)]
) -> Identity:
    """Return who is asking, be it a guest with a signed id; raise UnauthorizedError if nobody."""
    if token is None:
        raise MissingTokenError
    verifier: TokenVerifier = request.state.verifier
    return await verifier.identify(token)


IdentityDep = Annotated[Identity, Depends(get_identity)]


async def get_user(identity: IdentityDep) -> Identity:
    """Return the user who is asking, by the token alone; raise WrongRoleError for a guest."""
    if identity.role == Role.ANONYMOUS:
        raise WrongRoleError(Role.CUSTOMER)
    return identity


UserDep = Annotated[Identity, Depends(get_user)]


def get_account(user: UserDep, session: SessionDep, clock: ClockDep) -> Identity:
    """Return the user who is asking; raise UnknownUserError if the account is gone."""
    check_shopper(session, user, clock)
    return user


def get_shopper(identity: IdentityDep, session: SessionDep, clock: ClockDep) -> Identity:
    """Return the guest or user who is asking; raise UnknownUserError if the account is gone."""
    check_shopper(session, identity, clock)
    return identity


def check_shopper(
    session: Session, shopper: Identity, clock: Clock, *, is_locked: bool = False
) -> None:
    """Raise UnknownUserError if the account is gone; a guest has none to lose.

    A user of an outside issuer has an account from the first request on. Once locked, an account
    cannot be erased before the caller's commit.
    """
    if shopper.role == Role.ANONYMOUS:
        return
    account = select(User.erased_at).where(User.id == shopper.user_id)
    statement = account.with_for_update(read=True) if is_locked else account
    found = session.execute(statement).one_or_none()
    if found is None and shopper.issuer != ISSUER:
        _add_account(shopper.user_id, session, clock)
    elif found is None or found.erased_at is not None:
        raise UnknownUserError


def _add_account(user_id: str, session: Session, clock: Clock) -> None:
    now = clock()
    statement = insert(User).values(id=user_id, created_at=now, updated_at=now)
    # Another request of the same new user may have been first.
    session.execute(statement.on_duplicate_key_update(id=User.id))


async def require_own_users(settings: SettingsDep) -> None:
    """Raise UsersElsewhereError where an outside issuer registers users and logs them in."""
    if settings.token_issuer_url is not None:
        raise UsersElsewhereError(settings.token_issuer_url)


async def get_staff(user: UserDep) -> Identity:
    """Return the admin or service who is asking."""
    if user.role not in (Role.ADMIN, Role.SERVICE):
        raise WrongRoleError(Role.ADMIN, Role.SERVICE)
    return user


async def get_admin(user: UserDep) -> Identity:
    """Return the admin who is asking."""
    if user.role != Role.ADMIN:
        raise WrongRoleError(Role.ADMIN)
    return user


AccountDep = Annotated[Identity, Depends(get_account)]
ShopperDep = Annotated[Identity, Depends(get_shopper)]
StaffDep = Annotated[Identity, Depends(get_staff)]
AdminDep = Annotated[Identity, Depends(get_admin)]
