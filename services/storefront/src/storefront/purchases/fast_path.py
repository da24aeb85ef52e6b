"""The short way to POST /purchases: past FastAPI's routing and dependencies.

They cost more than the purchase does. Only a request that is good in every respect goes this way;
any other is handed on as it came, so that FastAPI words every refusal.
"""

import json
from typing import Final

from fastapi import Request
from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fashion_kit.errors import ShopError
from fashion_kit.problems import problem_of, problem_response
from storefront.dependencies import get_identity, get_user
from storefront.purchases.endpoints import answered, get_desk, get_idempotency_key, router
from storefront.purchases.orders import Order
from storefront.purchases.schemas import PurchaseRequest

_ROUTE: Final = router.routes[0]
_UNREADABLE: Final = (ShopError, ValueError, RecursionError)


class PurchasesFastPath:
    """Answers good POST /purchases and passes every other request on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request if it is a purchase that can be placed."""
        if scope["type"] != "http" or scope["path"] != "/purchases" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return  # nobody is there to be answered
        order = await read_order(request, body)
        if order is None:
            await self.app(scope, _with_body(body, receive), send)
            return
        scope["route"] = _ROUTE
        try:
            response = answered(await (await get_desk(request)).place(order))
        except ShopError as error:
            response = problem_response(problem_of(error), error.headers())
        await response(scope, receive, send)


async def read_order(request: Request, body: bytes) -> Order | None:
    """Return the order if FastAPI would take it, by the same steps; else None."""
    headers = request.headers
    if headers.get("content-type") != "application/json":
        return None
    scheme, token = get_authorization_scheme_param(headers.get("authorization"))
    try:
        user = await get_user(
            await get_identity(request, token if scheme.lower() == "bearer" else None)
        )
        key = await get_idempotency_key(headers.get("idempotency-key"))
        return Order.of(user, key, PurchaseRequest.model_validate(json.loads(body)))
    except _UNREADABLE:
        return None


def _with_body(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
