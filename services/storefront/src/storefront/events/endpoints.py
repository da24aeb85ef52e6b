"""POST /events: the hot path, so it asks FastAPI for nothing but the route."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from fashion_kit.errors import ShopError
from fashion_kit.problems import problem_responses
from fashion_kit.tokens import Identity, TokenVerifier
from storefront.dependencies import MissingTokenError
from storefront.events.schemas import EventBatch, EventReceipt
from storefront.events.service import EventService
from storefront.settings import StorefrontSettings

router = APIRouter(tags=["events"])

_SCHEMA_REF: Final = "#/components/schemas/{model}"


class BodyTooLargeError(ShopError):
    """Raised when a body is longer than the intake reads."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "Content too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is longer than {limit} bytes. Send fewer events at once.")


@router.post(
    "/events",
    status_code=202,
    response_model=EventReceipt,
    responses=problem_responses(400, 401, 413, 422, 503),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": _SCHEMA_REF.format(model="EventBatch")}}
            },
        },
        "security": [{}, {"OAuth2PasswordBearer": []}],
    },
)
async def take_events(request: Request) -> Response:
    """Take 1 to 500 events, and answer with a verdict on each once they are on the stream.

    With a bearer token the events are that user's; without, each needs an `anonymous_id` of the
    form `anon-...`. A bad event never condemns its batch: it is kept with its reason. `purchase`
    and `refund` come from the shop's own books and are rejected here. On 503 send all of it again:
    `event_id` makes that harmless.
    """
    identity = await _identity(request)
    settings: StorefrontSettings = request.state.settings
    body = await _read(request, settings.event_body_limit_bytes)
    service: EventService = request.state.events
    receipt = await service.take(body, identity)
    return Response(receipt, HTTPStatus.ACCEPTED, media_type="application/json")


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


async def _identity(request: Request) -> Identity | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise MissingTokenError
    verifier: TokenVerifier = request.state.verifier
    return await verifier.identify(token.strip())


async def _read(request: Request, limit: int) -> bytes:
    chunks = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > limit:
            raise BodyTooLargeError(limit)
        chunks.append(chunk)
    return b"".join(chunks)
