"""POST /purchases, POST /purchases/quote, GET /purchases/{purchase_id}."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import Response

from fashion_kit.problems import problem_responses
from storefront.dependencies import ClockDep, IdentityDep, SessionDep, SettingsDep, UserDep
from storefront.purchases.desk import PurchaseDesk
from storefront.purchases.errors import InvalidIdempotencyKeyError, MissingIdempotencyKeyError
from storefront.purchases.idempotency import Answer
from storefront.purchases.orders import Order
from storefront.purchases.pricing import Tariff
from storefront.purchases.quotes import quote
from storefront.purchases.repository import PurchaseRepository
from storefront.purchases.rules import Wish
from storefront.purchases.schemas import PurchaseRequest, PurchaseView, QuoteView
from storefront.purchases.service import PurchaseService

router = APIRouter(prefix="/purchases", tags=["purchases"])

REPLAYED: Final = "Idempotent-Replayed"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


async def get_idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="Required. New for each purchase, kept when the client retries.",
        ),
    ] = None,
) -> str:
    """Return the request's idempotency key; raise a BadRequestError if it has no good one."""
    if key is None:
        raise MissingIdempotencyKeyError
    if not _KEY.fullmatch(key):
        raise InvalidIdempotencyKeyError
    return key


async def get_desk(request: Request) -> PurchaseDesk:
    """Return where purchases are placed."""
    desk: PurchaseDesk = request.state.purchases
    return desk


async def get_service(session: SessionDep, identity: UserDep) -> PurchaseService:
    """Return the bearer's purchases over the request's session."""
    return PurchaseService(PurchaseRepository(session), identity.user_id)


ServiceDep = Annotated[PurchaseService, Depends(get_service)]


@router.post(
    "",
    status_code=201,
    response_model=PurchaseView,
    responses=problem_responses(400, 401, 403, 404, 409, 422, 503),
)
async def place_purchase(
    request: PurchaseRequest,
    user: UserDep,
    key: Annotated[str, Depends(get_idempotency_key)],
    desk: Annotated[PurchaseDesk, Depends(get_desk)],
) -> Response:
    """Buy lines, what is in the bearer's cart, or what a checkout keeps: all or nothing.

    Needs an `Idempotency-Key`. The same key with the same request is answered again with the same
    bytes and `Idempotent-Replayed: true`; with another request it is 422; while the first is being
    worked on it is 409. A purchase that failed sets its key free. A `unit_price` that is not the
    shop's, or a cart line whose price has changed, is 409. A checkout's prices hold while it does.
    """
    return answered(await desk.place(Order.of(user, key, request)))


def answered(answer: Answer) -> Response:
    """Return the answer as it goes out."""
    headers = {REPLAYED: "true"} if answer.is_replay else None
    return Response(answer.body, answer.status_code, headers, media_type="application/json")


@router.post("/quote", responses=problem_responses(400, 401, 404, 409, 422, 503))
def quote_purchase(
    request: PurchaseRequest,
    identity: IdentityDep,
    session: SessionDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> QuoteView:
    """Say what a purchase would cost now, and what would keep each line from being bought.

    Guests may ask too. Nothing is kept: the purchase itself decides anew.
    """
    return quote(session, Wish.of(identity.user_id, request), Tariff.of(settings), clock())


@router.get("/{purchase_id}", responses=problem_responses(401, 403, 404, 422, 503))
def get_purchase(
    purchase_id: Annotated[str, Path(max_length=64)], service: ServiceDep
) -> PurchaseView:
    """Show one of the bearer's purchases; another's is 404."""
    return service.get(purchase_id)
