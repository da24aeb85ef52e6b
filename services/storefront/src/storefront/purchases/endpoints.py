"""POST /purchases, GET /purchases/{purchase_id}."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import Response

from fashion_kit.problems import problem_responses
from storefront.dependencies import ClockDep, NewIdDep, SessionDep, UserDep
from storefront.outbox.repository import OutboxRepository
from storefront.purchases.desk import PurchaseDesk
from storefront.purchases.errors import InvalidIdempotencyKeyError, MissingIdempotencyKeyError
from storefront.purchases.repository import PurchaseRepository
from storefront.purchases.schemas import PurchaseRequest, PurchaseView
from storefront.purchases.service import PurchaseService

router = APIRouter(prefix="/purchases", tags=["purchases"])

REPLAYED: Final = "Idempotent-Replayed"


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
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        raise InvalidIdempotencyKeyError
    return key


async def get_service(
    session: SessionDep, identity: UserDep, clock: ClockDep, new_id: NewIdDep
) -> PurchaseService:
    """Return the bearer's purchases over the request's session."""
    purchases = PurchaseRepository(session)
    outbox = OutboxRepository(session)
    return PurchaseService(purchases, outbox, identity.user_id, clock=clock, new_id=new_id)


ServiceDep = Annotated[PurchaseService, Depends(get_service)]


@router.post(
    "",
    status_code=201,
    response_model=PurchaseView,
    responses=problem_responses(400, 401, 403, 404, 409, 422, 503),
)
def place_purchase(
    request: PurchaseRequest,
    identity: UserDep,
    key: Annotated[str, Depends(get_idempotency_key)],
    desk: Annotated[PurchaseDesk, Depends()],
) -> Response:
    """Buy these lines, or what is in the bearer's cart, at the shop's prices: all or nothing.

    Needs an `Idempotency-Key`. The same key with the same request is answered again with the same
    bytes and `Idempotent-Replayed: true`; with another request it is 422; while the first is being
    worked on it is 409. A purchase that failed sets its key free. A `unit_price` that is not the
    shop's, or a cart line whose price has changed, is 409.
    """
    answer = desk.place(identity.user_id, key, request)
    headers = {REPLAYED: "true"} if answer.is_replay else None
    return Response(answer.body, answer.status_code, headers, media_type="application/json")


@router.get("/{purchase_id}", responses=problem_responses(401, 403, 404, 422, 503))
def get_purchase(
    purchase_id: Annotated[str, Path(max_length=64)], service: ServiceDep
) -> PurchaseView:
    """Show one of the bearer's purchases; another's is 404."""
    return service.get(purchase_id)
