"""POST and GET /purchases/{purchase_id}/payments, POST /payments/notifications."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import Response
from pydantic import ValidationError

from fashion_kit.errors import UnprocessableError
from fashion_kit.problems import UnreadableBodyError, problem_responses
from storefront.dependencies import ClockDep, SessionDep, SettingsDep, UserDep
from storefront.payments.dependencies import DeskDep, ThreadsDep
from storefront.payments.repository import PaymentRepository
from storefront.payments.schemas import Notification, PaymentRequest, PaymentView
from storefront.payments.signatures import InvalidSignatureError, check_signature
from storefront.purchases.access import reach_of
from storefront.purchases.endpoints import REPLAYED, get_idempotency_key
from storefront.purchases.lifecycle_repository import LifecycleRepository
from storefront.purchases.lifecycle_service import PurchaseHistory

router = APIRouter(tags=["payments"])

PurchaseId = Annotated[str, Path(max_length=64)]

_NOTIFICATION: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": Notification.model_json_schema()}},
    }
}


class InvalidNotificationError(UnprocessableError):
    """Raised when a message is the provider's, and yet not one that we know."""

    def __init__(self) -> None:
        super().__init__("The notification has no payment_id and outcome that we know.")


@router.post(
    "/purchases/{purchase_id}/payments",
    status_code=201,
    response_model=PaymentView,
    responses=problem_responses(400, 401, 403, 404, 409, 422, 503),
)
async def pay_purchase(
    purchase_id: PurchaseId,
    payment: PaymentRequest,
    user: UserDep,
    key: Annotated[str, Depends(get_idempotency_key)],
    desk: DeskDep,
    threads: ThreadsDep,
) -> Response:
    """Pay one of the bearer's purchases, all of its total. A payment that is declined is 201, too.

    Needs an `Idempotency-Key`, which works as for purchases. On 503 the outcome is not known: the
    same request with the same key asks for it again, and the money is taken once. A purchase that
    is paid or cancelled already is 409. Where several payments of one purchase are approved the
    first counts, and the others go back at once (`refund_due`, `refunded`).
    """
    answer = await threads.run(lambda: desk.pay(user.user_id, purchase_id, key, payment))
    headers = {REPLAYED: "true"} if answer.is_replay else None
    return Response(answer.body, answer.status_code, headers, media_type="application/json")


@router.get(
    "/purchases/{purchase_id}/payments", responses=problem_responses(401, 403, 404, 422, 503)
)
def list_payments(purchase_id: PurchaseId, user: UserDep, session: SessionDep) -> list[PaymentView]:
    """List the attempts to pay a purchase, newest first: one's own, or for the staff anybody's."""
    PurchaseHistory(LifecycleRepository(session), reach_of(user)).get(purchase_id)
    return [
        PaymentView.model_validate(one) for one in PaymentRepository(session).list_of(purchase_id)
    ]


async def get_notification(
    request: Request,
    settings: SettingsDep,
    clock: ClockDep,
    signature: Annotated[
        str | None,
        Header(
            alias="Payment-Signature",
            description='`t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`',
        ),
    ] = None,
) -> Notification:
    """Return the provider's message; raise InvalidSignatureError if it is not the provider's."""
    if settings.payment_signing_key is None:
        raise InvalidSignatureError
    body = await request.body()
    check_signature(
        signature,
        body,
        settings.payment_signing_key.get_secret_value(),
        now=clock(),
        tolerance=settings.payment_signature_tolerance,
    )
    try:
        return Notification.model_validate_json(body)
    except ValidationError as error:
        is_json = all(item["type"] != "json_invalid" for item in error.errors())
        raise (InvalidNotificationError if is_json else UnreadableBodyError) from error


@router.post(
    "/payments/notifications",
    status_code=204,
    responses=problem_responses(400, 401, 404, 422, 503),
    openapi_extra=_NOTIFICATION,
)
async def take_notification(
    notification: Annotated[Notification, Depends(get_notification)],
    desk: DeskDep,
    threads: ThreadsDep,
) -> None:
    """Take the payment provider's own word on a payment. One that comes again changes nothing."""
    await threads.run(lambda: desk.settle(notification.payment_id, notification.to_outcome()))
