"""POST /users; GET, PATCH and DELETE /users/me; PUT /users/me/password."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from fashion_kit.etags import IfMatch
from fashion_kit.problems import problem_responses
from storefront.dependencies import (
    AccountDep,
    ClockDep,
    NewIdDep,
    SessionDep,
    require_own_users,
)
from storefront.outbox.repository import OutboxRepository
from storefront.tokens.endpoints import GuestsDep
from storefront.tokens.repository import RefreshTokenRepository
from storefront.users.repository import UserRepository
from storefront.users.schemas import (
    AccountErasure,
    PasswordChange,
    ProfileChange,
    UserRegistration,
    UserView,
)
from storefront.users.service import UserService

router = APIRouter(prefix="/users", tags=["users"])


async def get_service(
    request: Request, session: SessionDep, clock: ClockDep, new_id: NewIdDep
) -> UserService:
    """Return the users over the request's session."""
    return UserService(
        UserRepository(session),
        RefreshTokenRepository(session),
        OutboxRepository(session),
        request.state.passwords,
        clock=clock,
        new_id=new_id,
    )


ServiceDep = Annotated[UserService, Depends(get_service)]


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(require_own_users)],
    responses=problem_responses(404, 409, 422, 503),
)
def register(registration: UserRegistration, service: ServiceDep, guests: GuestsDep) -> UserView:
    """Register a user. Username and e-mail are kept in lower case and must be new.

    With a guest's `anonymous_token` the guest's cart and history become the user's; one that does
    not hold is passed over. Where another issuer vouches for the users this is 404.
    """
    return service.register(registration, guests)


@router.get("/me", responses=problem_responses(401, 403, 503))
def get_me(user: AccountDep, service: ServiceDep, response: Response) -> UserView:
    """Show the bearer's own account, with its ETag."""
    return _tagged(service.get(user.user_id), response)


@router.patch("/me", responses=problem_responses(401, 403, 409, 412, 422, 503))
def change_me(
    change: ProfileChange,
    user: AccountDep,
    service: ServiceDep,
    response: Response,
    if_match: IfMatch = None,
) -> UserView:
    """Change what is given of the bearer's own account; null takes an optional detail away.

    With `If-Match` only if the account is still the one that was read.
    """
    return _tagged(service.change(user.user_id, change, if_match), response)


@router.put(
    "/me/password",
    status_code=204,
    dependencies=[Depends(require_own_users)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def change_password(change: PasswordChange, user: AccountDep, service: ServiceDep) -> None:
    """Change the bearer's password; 403 without the present one. Every login ends.

    Bearer tokens that are out hold until their time is over; their refresh tokens do not.
    """
    service.change_password(user.user_id, change)


@router.delete("/me", status_code=204, responses=problem_responses(401, 403, 422, 503))
def erase_me(user: AccountDep, service: ServiceDep, erasure: AccountErasure | None = None) -> None:
    """Erase the bearer's account for good; 403 without the password, if the account has one.

    All that tells who it was goes, the cart and every login with it. Purchases stay in the books.
    """
    service.erase(user.user_id, erasure or AccountErasure())


def _tagged(view: UserView, response: Response) -> UserView:
    response.headers["ETag"] = view.etag()
    return view
