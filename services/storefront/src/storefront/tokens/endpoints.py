"""POST /token, /token/revoke, /anonymous-shoppers, /users/me/guests; GET the public keys."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, Response

from fashion_kit.problems import problem_responses
from storefront.carts.merging import GuestMerge
from storefront.dependencies import (
    AccountDep,
    ClockDep,
    NewIdDep,
    SessionDep,
    require_own_users,
)
from storefront.tokens.desk import TokenDesk
from storefront.tokens.errors import (
    InvalidAnonymousTokenError,
    InvalidTokenRequestError,
    UnsupportedGrantTypeError,
)
from storefront.tokens.guests import Guests
from storefront.tokens.schemas import (
    GuestMergeRequest,
    GuestView,
    JsonWebKeySet,
    RevocationForm,
    TokenForm,
    TokenView,
)

router = APIRouter(tags=["tokens"])

DeskDep = Annotated[TokenDesk, Depends()]

# A key that is added must be known before the first token it signs comes.
KEYS_MAX_AGE: Final = timedelta(minutes=5)


async def forbid_storing(response: Response) -> None:
    """Tell caches that the answer holds a secret."""
    response.headers["Cache-Control"] = "no-store"


async def get_guests(
    request: Request, session: SessionDep, clock: ClockDep, new_id: NewIdDep
) -> Guests:
    """Return the way from guest to user over the request's session."""
    return Guests(GuestMerge(session, clock=clock, new_id=new_id), request.state.verifier.own)


GuestsDep = Annotated[Guests, Depends(get_guests)]


@router.post(
    "/token",
    dependencies=[Depends(require_own_users), Depends(forbid_storing)],
    responses=problem_responses(401, 404, 422, 503),
)
def give_tokens(form: Annotated[TokenForm, Form()], desk: DeskDep) -> TokenView:
    """Give tokens for a username and its password, or the next ones for a refresh token.

    `grant_type=password` takes `username` and `password`; `grant_type=refresh_token` takes
    `refresh_token`, which is good for one exchange: one that comes again ends its whole login. With
    a guest's `anonymous_token` a login makes the guest's cart and history the user's; one that does
    not hold is passed over. Where another issuer vouches for the users this is 404.
    """
    if form.grant_type == "password":
        if not form.username or not form.password:
            raise InvalidTokenRequestError("username and password")
        guest = form.anonymous_token.get_secret_value() if form.anonymous_token else None
        return desk.log_in(form.username, form.password.get_secret_value(), guest)
    if form.grant_type == "refresh_token":
        if not form.refresh_token:
            raise InvalidTokenRequestError("refresh_token")
        return desk.refresh(form.refresh_token.get_secret_value())
    raise UnsupportedGrantTypeError


@router.post("/token/revoke", response_class=Response, responses=problem_responses(422, 503))
def revoke_token(form: Annotated[RevocationForm, Form()], desk: DeskDep) -> Response:
    """End the login that a refresh token comes from (RFC 7009): its user has logged out.

    A token that is unknown or has ended is answered 200 as well. A bearer token cannot be ended: it
    holds until its time is over.
    """
    desk.revoke(form.token.get_secret_value())
    return Response()


@router.post("/anonymous-shoppers", status_code=201, dependencies=[Depends(forbid_storing)])
async def give_anonymous_id(desk: DeskDep) -> GuestView:
    """Give a guest an id for events and a cart, and the token that proves it."""
    return desk.guest()


@router.post("/users/me/guests", status_code=204, responses=problem_responses(401, 403, 422, 503))
def merge_guest(request: GuestMergeRequest, user: AccountDep, guests: GuestsDep) -> None:
    """Make a guest's cart and history the bearer's: for logins that another issuer does."""
    if not guests.take_over(request.anonymous_token.get_secret_value(), user.user_id):
        raise InvalidAnonymousTokenError


@router.get("/.well-known/jwks.json")
async def list_keys(request: Request, response: Response) -> JsonWebKeySet:
    """List the public keys that check our tokens (RFC 7517)."""
    seconds = int(KEYS_MAX_AGE.total_seconds())
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    return JsonWebKeySet(keys=request.state.jwks)
