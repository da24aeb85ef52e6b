"""/recommendations: a shopper's picks, what was viewed, and shelves around products."""

from collections.abc import Sequence
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BeforeValidator, Field

from fashion_contracts.events import ProductId
from fashion_contracts.picks import HISTORY_LENGTH
from fashion_kit.problems import problem_responses
from recommender.dependencies import AppState, Bearer, OwnedShopperId, check_owner
from recommender.picks.encoding import encoded
from recommender.picks.schemas import (
    DEFAULT_LIMIT,
    MAX_EXCLUDED,
    CartQuestion,
    Limit,
    RecentlyViewed,
    Recommendations,
    Reranked,
    RerankQuestion,
    Shelf,
    Wish,
)
from recommender.picks.service import PicksService
from recommender.picks.shelves import ShelvesService

router = APIRouter(prefix="/recommendations", tags=["recommendations"])


def _split(values: Sequence[Any]) -> list[Any]:
    return [part for value in values for part in str(value).split(",")]


async def get_picks(request: Request) -> PicksService:
    """Return the process's service of picks."""
    service: PicksService = request.app.state.picks
    return service


async def get_shelves(request: Request) -> ShelvesService:
    """Return the process's service of shelves."""
    service: ShelvesService = request.app.state.shelves
    return service


async def get_wish(
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    exclude: Annotated[
        list[ProductId],
        BeforeValidator(_split),
        Field(max_length=MAX_EXCLUDED),
        Query(description="Product ids not to show, separated by commas or repeated."),
    ] = [],  # noqa: B006 - never changed
    context_product_id: Annotated[
        ProductId | None, Query(description="The product page that the shopper stands before.")
    ] = None,
    category: Annotated[
        str | None,
        Query(min_length=1, max_length=60, description="Master or sub category, or article type."),
    ] = None,
    max_price: Annotated[
        Decimal | None, Query(gt=0, max_digits=12, decimal_places=2, description="The dearest.")
    ] = None,
) -> Wish:
    """Return what is wanted of the picks."""
    return Wish(limit, frozenset(exclude), context_product_id, category, max_price)


Picks = Annotated[PicksService, Depends(get_picks)]
Shelves = Annotated[ShelvesService, Depends(get_shelves)]


@router.get("/similar/{product_id}", responses=problem_responses(404, 422))
async def get_similar(
    product_id: Annotated[ProductId, Path()],
    shelves: Shelves,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
) -> Shelf:
    """Return products like this one, for anybody.

    What is looked at around it, each family of colours once and not its own; then what is trending
    and what is new of its article type. Nothing that is sold out.
    """
    return shelves.similar(product_id, limit)


@router.post("/cart", responses=problem_responses(422))
async def get_cart_complements(question: CartQuestion, shelves: Shelves) -> Shelf:
    """Return what goes with the products of a cart, for anybody.

    What is bought together with them, other article types first; then what is looked at around
    them, what is trending, what is new. Nothing of a family in the cart, nothing sold out.
    """
    return shelves.goes_with(question.product_ids, question.limit)


@router.post("/rerank", responses=problem_responses(401, 403, 422, 503))
async def rerank(
    question: RerankQuestion, state: AppState, bearer: Bearer, picks: Picks
) -> Reranked:
    """Return these products in the order of the shopper's interest.

    None is dropped, and those that nothing speaks for stay last in the order given. Whose they are
    is checked as for the picks.
    """
    await check_owner(state, question.user_id, bearer.credentials if bearer else None)
    return await picks.rerank(question.user_id, question.product_ids)


@router.get(
    "/{user_id}",
    response_model=Recommendations,
    responses=problem_responses(401, 403, 422, 503),
)
async def get_recommendations(
    user_id: OwnedShopperId, wish: Annotated[Wish, Depends(get_wish)], picks: Picks
) -> Response:
    """Return products for this shopper, best first.

    Never what was bought, lies in the cart, was just seen or is sold out. A shopper nobody knows
    yet gets what is trending. An anonymous id (`anon-...`) needs no token. With `exclude`,
    `category` or `max_price` the list may be short, and is empty if nothing is left.
    """
    body = encoded(await picks.recommend(user_id, wish))
    return Response(body, media_type="application/json")


@router.get("/{user_id}/recently-viewed", responses=problem_responses(401, 403, 422, 503))
async def get_recently_viewed(
    user_id: OwnedShopperId,
    picks: Picks,
    limit: Annotated[int, Query(ge=1, le=HISTORY_LENGTH, description="How many.")] = DEFAULT_LIMIT,
) -> RecentlyViewed:
    """Return what this shopper looked at, each product once, the latest first.

    What the shop no longer shows is left out; what is sold out says so.
    """
    return await picks.recently_viewed(user_id, limit)


@router.delete(
    "/{user_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(401, 403, 422, 503),
)
async def forget_shopper(user_id: OwnedShopperId, picks: Picks) -> None:
    """Forget what is known of this shopper: history, cart, purchases and picks.

    Repeating it changes nothing. What the shopper does afterwards is known again.
    """
    await picks.forget(user_id)
