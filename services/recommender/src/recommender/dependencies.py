"""What endpoints are handed: the process's state, and whose picks may be read."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from fashion_contracts.events import Identifier
from fashion_contracts.picks import ANONYMOUS_PREFIX
from fashion_kit.errors import ForbiddenError, UnauthorizedError
from fashion_kit.tokens import verify_token

TRUSTED_ROLES = frozenset({"service", "admin"})


@dataclass(frozen=True)
class State:
    """What the process builds once, when it starts; each area has its service beside it."""

    readers: Executor
    token_public_key: str
    check: Callable[[], None]
    """Raises StoreUnavailableError when DynamoDB does not answer."""


async def get_state(request: Request) -> State:
    """Return the process's state."""
    state: State = request.app.state.recommender
    return state


AppState = Annotated[State, Depends(get_state)]
_bearer = HTTPBearer(auto_error=False, description="The token that the storefront issued.")


async def owned_shopper_id(
    state: AppState,
    user_id: Annotated[Identifier, Path(description="A user's id, or an anonymous id.")],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    """Return the id if the one who asks may read its picks.

    Nobody but its owner can know an anonymous id; a user's id stands in links and logs.
    """
    if user_id.startswith(ANONYMOUS_PREFIX):
        return user_id
    if bearer is None:
        raise UnauthorizedError("A user's picks need a bearer token.")
    identity = verify_token(bearer.credentials, state.token_public_key)
    if identity.user_id != user_id and identity.role not in TRUSTED_ROLES:
        raise ForbiddenError("These are another user's picks.")
    return user_id


OwnedShopperId = Annotated[str, Depends(owned_shopper_id)]
