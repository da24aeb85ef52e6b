"""GET /recommendations."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from fashion_contracts.picks import PICKS_LENGTH
from fashion_kit.problems import problem_responses
from recommender.dependencies import AppState, OwnedShopperId
from recommender.picks.schemas import Recommendations
from recommender.picks.service import PicksService

router = APIRouter(tags=["recommendations"])


async def get_service(request: Request) -> PicksService:
    """Return the process's service."""
    service: PicksService = request.app.state.picks
    return service


@router.get("/recommendations/{user_id}", responses=problem_responses(401, 403, 422, 503))
async def get_recommendations(
    user_id: OwnedShopperId,
    state: AppState,
    picks: Annotated[PicksService, Depends(get_service)],
    limit: Annotated[int, Query(ge=1, le=PICKS_LENGTH, description="How many.")] = 12,
) -> Recommendations:
    """Return products for this shopper, best first.

    Never what was bought, lies in the cart, was just seen or is sold out. A shopper nobody knows
    yet gets what is trending. An anonymous id (`anon-...`) needs no token.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(state.readers, picks.recommend, user_id, limit)
