"""What endpoints are handed: the process's state, and whose picks may be read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from fashion_contracts.events import Identifier
from fashion_contracts.picks import ANONYMOUS_PREFIX
from fashion_kit.errors import ForbiddenError, UnauthorizedError
from fashion_kit.tokens import Identity

TRUSTED_ROLES = frozenset({"service", "admin"})


@dataclass(frozen=True)
class State:
    """What the process builds once, when it starts; each area has its service beside it."""

    identify: Callable[[str], Awaitable[Identity]]
    """Returns who a bearer token says is asking; raises InvalidTokenError."""
    check: Callable[[], Awaitable[None]]
    """Raises StoreUnavailableError when DynamoDB does not answer."""


async def get_state(request: Request) -> State:
    """Return the process's state."""
    state: State = request.app.state.recommender
    return state


AppState = Annotated[State, Depends(get_state)]
_bearer = HTTPBearer(auto_error=False, description="The token that the storefront issued.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


async def owned_shopper_id(
    state: AppState,
    user_id: Annotated[Identifier, Path(description="A user's id, or an anonymous id.")],
    bearer: Bearer,
) -> str:
    """Return the id if the one who asks may read its picks."""
    await check_owner(state, user_id, bearer.credentials if bearer else None)
    return user_id


async def check_owner(state: State, user_id: str, token: str | None) -> None:
    """Raise UnauthorizedError or ForbiddenError unless the bearer may read this shopper's picks.

    Nobody but its owner can know an anonymous id; a user's id stands in links and logs.
    """
    if user_id.startswith(ANONYMOUS_PREFIX):
        return
    if token is None:
        raise UnauthorizedError("A user's picks need a bearer token.")
    identity = await state.identify(token)
    if identity.user_id != user_id and identity.role not in TRUSTED_ROLES:
        raise ForbiddenError("These are another user's picks.")


OwnedShopperId = Annotated[str, Depends(owned_shopper_id)]
