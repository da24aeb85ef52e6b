"""GET /trending."""

from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from fashion_kit.etags import IfNoneMatch, etag_of, matches
from fashion_kit.problems import problem_responses
from recommender.trends.schemas import MAX_ITEMS, Dimension, Trending, TrendOrder, Window
from recommender.trends.service import TrendingService

router = APIRouter(tags=["trends"])

_DIGEST_BYTES = 12


async def get_service(request: Request) -> TrendingService:
    """Return the process's service."""
    service: TrendingService = request.app.state.trending
    return service


@router.get(
    "/trending",
    response_model=Trending,
    responses={
        304: {"description": "The answer that the client already has."},
        **problem_responses(422),
    },
)
async def get_trending(
    trends: Annotated[TrendingService, Depends(get_service)],
    dimension: Annotated[Dimension, Query(description="What trends.")] = Dimension.PRODUCT,
    window: Annotated[Window, Query(description="How far back is counted.")] = Window.DAY,
    sort: Annotated[TrendOrder, Query(description="By what.")] = TrendOrder.LIFT,
    limit: Annotated[int, Query(ge=1, le=MAX_ITEMS, description="How many.")] = 12,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return what is trending just now, with its lift against the window before, and an ETag.

    A value with few acts is left out, and so is a product that cannot be bought. Every event counts
    once, in the window in which it happened.
    """
    body = trends.trending(dimension, window, sort, limit).model_dump_json().encode()
    etag = etag_of(blake2b(body, digest_size=_DIGEST_BYTES).hexdigest())
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if if_none_match is not None and matches(if_none_match, etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
