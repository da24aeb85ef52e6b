"""POST /events: the hot path, so it asks FastAPI for nothing but the route."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope

from fashion_kit.problems import problem_responses
from storefront.events.bodies import Head, read_body
from storefront.events.schemas import MAX_EVENTS, EventBatch, EventReceipt
from storefront.events.service import EventService
from storefront.settings import StorefrontSettings

router = APIRouter(tags=["events"])

_SCHEMA_REF: Final = "#/components/schemas/{model}"
# What is no event of ours may be one in words of elsewhere, or is kept as bad: both are answered.
_BATCH: Final = {
    "schema": {
        "anyOf": [
            {"$ref": _SCHEMA_REF.format(model="EventBatch")},
            {"type": "array", "items": {}, "minItems": 1, "maxItems": MAX_EVENTS},
            {"type": "object"},
        ]
    }
}


@router.post(
    "/events",
    status_code=202,
    response_model=EventReceipt,
    responses=problem_responses(400, 401, 413, 415, 422, 503),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": _BATCH, "text/plain": _BATCH},
        },
        "security": [{}, {"OAuth2PasswordBearer": []}],
    },
)
async def take_events(request: Request) -> Response:
    """Take 1 to 500 events, and answer with a verdict on each once all of them are safe.

    With a bearer token the events are that shopper's; without, each needs an `anonymous_id` of the
    form `anon-...`. The body is JSON, as `application/json` or as `text/plain`, and may be packed
    with gzip; one who cannot send headers puts `access_token` beside `events`. A bad event never
    condemns its batch: it is kept with its reason. `purchase`, `refund`, `identify` and
    `erase` come from the shop's own books and are rejected here. On 503 send all of it again:
    `event_id` makes that harmless.
    """
    receipt = await answer_events(request.scope, request.receive)
    return Response(receipt, HTTPStatus.ACCEPTED, media_type="application/json")


async def answer_events(scope: Scope, receive: Receive) -> bytes:
    """Return the receipt of the request's events, or raise ShopError."""
    settings: StorefrontSettings = scope["state"]["settings"]
    service: EventService = scope["state"]["events"]
    head = Head.of(scope)
    body = await read_body(receive, settings.event_body_limit_bytes, is_packed=head.is_packed)
    return await service.take(body, head.token)


def document_batch(app: FastAPI) -> None:
    """Put the batch's schema into the API's description: FastAPI does not see a body read raw."""
    describe: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        schema = EventBatch.model_json_schema(ref_template=_SCHEMA_REF)
        document["components"]["schemas"] |= schema.pop("$defs") | {"EventBatch": schema}
        return document

    # FastAPI's documented way to extend it.
    app.openapi = openapi  # type: ignore[method-assign]
