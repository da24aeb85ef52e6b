"""What endpoints ask for: a session, who is asking, the clock, new ids."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.orm import Session

from fashion_kit.clock import Clock
from fashion_kit.errors import UnauthorizedError
from fashion_kit.ids import IdFactory
from fashion_kit.tokens import Identity, verify_token
from storefront.database import Sessions, transaction
from storefront.settings import StorefrontSettings
from storefront.turns import Turns

_bearer = OAuth2PasswordBearer("token", auto_error=False)


class MissingTokenError(UnauthorizedError):
    """Raised when an endpoint needs to know who is asking and nobody says so."""

    def __init__(self) -> None:
        super().__init__("This needs a bearer token; POST /token gives one.")


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


async def get_identity(
    request: Request, token: Annotated[str | None, Depends(_bearer)]
) -> Identity:
    """Return who is asking; raise UnauthorizedError if nobody or nobody we know."""
    if token is None:
        raise MissingTokenError
    public_key: Ed25519PublicKey = request.state.public_key
    return verify_token(token, public_key)


# `function`: the commit comes before the answer. The default would answer first, and a client could
# hold a 201 for something that is never committed.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]
SessionsDep = Annotated[Sessions, Depends(get_sessions)]
SettingsDep = Annotated[StorefrontSettings, Depends(get_settings)]
ClockDep = Annotated[Clock, Depends(get_clock)]
NewIdDep = Annotated[IdFactory, Depends(get_new_id)]
IdentityDep = Annotated[Identity, Depends(get_identity)]
