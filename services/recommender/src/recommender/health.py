"""Whether the process lives, and whether it can do its work."""

from fastapi import APIRouter

from fashion_kit.problems import problem_responses
from recommender.dependencies import AppState

router = APIRouter(tags=["operations"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Say that the process lives."""
    return {"status": "ok"}


@router.get("/ready", responses=problem_responses(503))
async def ready(state: AppState) -> dict[str, str]:
    """Say whether DynamoDB answers; without it there are no picks."""
    await state.check()
    return {"status": "ready"}
