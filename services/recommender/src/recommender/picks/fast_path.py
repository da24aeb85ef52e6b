"""The short way to GET /recommendations/{user_id}: past FastAPI's routing and dependencies.

They cost several times what the picks do. Only a request that is good in every respect goes this
way; any other is handed on as it came, so that FastAPI words every refusal.
"""

import re
from http import HTTPStatus
from typing import Final

from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from fashion_contracts.picks import PICKS_LENGTH
from fashion_kit.errors import ShopError
from fashion_kit.problems import problem_of, problem_response
from recommender.dependencies import State, check_owner
from recommender.picks.encoding import encoded
from recommender.picks.endpoints import get_recommendations, router
from recommender.picks.schemas import Wish
from recommender.picks.service import PicksService

_ROUTE: Final = next(
    route
    for route in router.routes
    if isinstance(route, APIRoute) and route.endpoint is get_recommendations
)
_is_simple: Final = re.compile(r"/recommendations/([A-Za-z0-9._:-]{1,64})").fullmatch
_WISHES: Final = {b"": Wish()} | {
    b"limit=%d" % limit: Wish(limit) for limit in range(1, PICKS_LENGTH + 1)
}
_CONTENT_TYPE: Final = (b"content-type", b"application/json")
_BEARER: Final = b"bearer "


class PicksFastPath:
    """Answers plain GET /recommendations/{user_id} and passes every other request on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request if it asks for picks without any filter, and may."""
        user_id = await read_owned(scope) if scope["type"] == "http" else None
        if user_id is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        picks: PicksService = scope["app"].state.picks
        try:
            body = encoded(await picks.recommend(user_id, _WISHES[scope["query_string"]]))
        except ShopError as error:
            response = problem_response(problem_of(error), error.headers())
            await response(scope, receive, send)
            return
        await send(
            {
                "type": "http.response.start",
                "status": HTTPStatus.OK,
                "headers": [(b"content-length", b"%d" % len(body)), _CONTENT_TYPE],
            }
        )
        await send({"type": "http.response.body", "body": body})


async def read_owned(scope: Scope) -> str | None:
    """Return whose picks are asked for if FastAPI would tell them, by the same steps; else None."""
    if scope["method"] != "GET" or scope["query_string"] not in _WISHES:
        return None
    match = _is_simple(scope["path"])
    if match is None:
        return None
    state: State = scope["app"].state.recommender
    try:
        await check_owner(state, match[1], _token(scope))
    except ShopError:
        return None
    return match[1]


def _token(scope: Scope) -> str | None:
    # The first, for that is the one FastAPI believes.
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, token = value[: len(_BEARER)], value[len(_BEARER) :]
            return token.decode("latin-1") if scheme.lower() == _BEARER else None
    return None
