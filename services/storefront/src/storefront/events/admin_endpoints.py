"""GET /events/bad: what was rejected, and why."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from fashion_kit.paging import Cursor, Page, PageSize
from fashion_kit.problems import problem_responses
from storefront.dependencies import AdminDep
from storefront.events.archive import BadEventArchive
from storefront.events.schemas import BadEvent

router = APIRouter(tags=["events"])


class BadEventQuery(BaseModel):
    """Which rejected events, and which page of them."""

    day: Annotated[date, Query(description="The UTC day on which they came.")]
    hour: Annotated[int | None, Query(ge=0, le=23, description="One UTC hour of it.")] = None
    limit: PageSize = 24
    cursor: Cursor = None


async def get_archive(request: Request) -> BadEventArchive:
    """Return the archive of rejected events."""
    archive: BadEventArchive = request.state.bad_events
    return archive


@router.get("/events/bad", responses=problem_responses(401, 403, 422, 503))
def list_bad_events(
    _: AdminDep,
    archive: Annotated[BadEventArchive, Depends(get_archive)],
    query: Annotated[BadEventQuery, Query()],
) -> Page[BadEvent]:
    """List the rejected events of a day with their reasons, the newest hour first.

    `storefront replay-bad-events` judges them again and takes the good ones away.
    """
    return archive.page(query.day, query.hour, query.cursor, query.limit)
