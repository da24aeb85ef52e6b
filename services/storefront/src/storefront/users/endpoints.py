"""POST /users, POST /token, GET /users/me."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import OAuth2PasswordRequestForm

from fashion_kit.problems import problem_responses
from storefront.dependencies import ClockDep, IdentityDep, NewIdDep, SessionDep, SettingsDep
from storefront.users.repository import UserRepository
from storefront.users.schemas import TokenView, UserRegistration, UserView
from storefront.users.service import UserService, token_for

router = APIRouter(tags=["users"])


async def get_service(request: Request, session: SessionDep) -> UserService:
    """Return the users over the request's session."""
    return UserService(UserRepository(session), request.state.passwords)


ServiceDep = Annotated[UserService, Depends(get_service)]


@router.post("/users", status_code=201, responses=problem_responses(400, 409, 422, 503))
def register(
    registration: UserRegistration, service: ServiceDep, clock: ClockDep, new_id: NewIdDep
) -> UserView:
    """Register a user. Username and e-mail are kept in lower case and must be new."""
    return service.register(registration, clock=clock, new_id=new_id)


@router.post("/token", responses=problem_responses(400, 401, 422, 503))
def issue(
    request: Request,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    service: ServiceDep,
    clock: ClockDep,
    settings: SettingsDep,
) -> TokenView:
    """Give a bearer token for a username and its password (OAuth 2 password form)."""
    identity = service.authenticate(form.username, form.password)
    key = request.state.private_key
    return token_for(identity, key, clock=clock, lifetime=settings.token_lifetime)


@router.get("/users/me", responses=problem_responses(401, 404, 503))
def get_me(identity: IdentityDep, service: ServiceDep) -> UserView:
    """Show the bearer's own account."""
    return service.get(identity.user_id)
