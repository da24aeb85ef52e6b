"""The short way to GET /recommendations/{user_id}: past FastAPI's routing and dependencies.

They cost several times what the picks do. Only a request that is good in every respect goes this
way; any other is handed on as it came, so that FastAPI words every refusal.

It begins in one of two places. Outside of the edge, whose headers the answer then brings along; or
inside, if there are websites that CORS allows to call, for then it has something to say each time.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from fashion_contracts.picks import PICKS_LENGTH
from fashion_kit.edge.security_headers import DATA_HEADERS, NO_STORE, Header
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
_HEADERS: Final = (_CONTENT_TYPE, *DATA_HEADERS)
_BEARER_HEADERS: Final = (*_HEADERS, NO_STORE)
_BEARER: Final = b"bearer "


class Asked(NamedTuple):
    """A request that may go the short way."""

    user_id: str
    wish: Wish
    headers: Sequence[Header]
    """What the answer brings along."""


class PicksFastPath:
    """Answers plain GET /recommendations/{user_id} and passes every other request on."""

    def __init__(self, app: ASGIApp, *, is_outside: bool) -> None:
        self.app = app
        self._is_outside = is_outside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request if it asks for picks without any filter, and may."""
        asked = None
        if scope["type"] == "http":
            asked = await read_plain(scope, is_outside=self._is_outside)
        if asked is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        picks: PicksService = scope["app"].state.picks
        try:
            body = encoded(await picks.recommend(asked.user_id, asked.wish))
        except ShopError as error:
            response = problem_response(problem_of(error), error.headers())
            response.raw_headers += [one for one in asked.headers if one != _CONTENT_TYPE]
            await response(scope, receive, send)
            return
        await send(
            {
                "type": "http.response.start",
                "status": HTTPStatus.OK,
                "headers": [(b"content-length", b"%d" % len(body)), *asked.headers],
            }
        )
        await send({"type": "http.response.body", "body": body})


async def read_plain(scope: Scope, *, is_outside: bool) -> Asked | None:
    """Return what is asked for if FastAPI would tell it, by the same steps; else None."""
    wish = _WISHES.get(scope["query_string"])
    if wish is None or scope["method"] != "GET":
        return None
    if bool(scope["state"]["cors_origins"]) is is_outside:
        return None
    match = _is_simple(scope["path"])
    if match is None:
        return None
    # Of several the first, which FastAPI believes.
    authorization = dict(reversed(scope["headers"])).get(b"authorization")
    state: State = scope["app"].state.recommender
    try:
        await check_owner(state, match[1], _token(authorization))
    except ShopError:
        return None
    if not is_outside:
        return Asked(match[1], wish, (_CONTENT_TYPE,))
    return Asked(match[1], wish, _HEADERS if authorization is None else _BEARER_HEADERS)


def _token(authorization: bytes | None) -> str | None:
    if authorization is None or authorization[: len(_BEARER)].lower() != _BEARER:
        return None
    return authorization[len(_BEARER) :].decode("latin-1")
