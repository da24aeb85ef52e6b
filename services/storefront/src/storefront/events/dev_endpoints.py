"""GET /dev/events: what the intake made of the last events, while a website is being developed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from storefront.events.recent import RecentEvents
from storefront.events.schemas import BadEvent, EventCounts

router = APIRouter(prefix="/dev/events", tags=["development"])


async def get_recent(request: Request) -> RecentEvents:
    """Return the memory of the last events."""
    recent: RecentEvents = request.state.recent_events
    return recent


RecentDep = Annotated[RecentEvents, Depends(get_recent)]


@router.get("/all")
async def count_events(recent: RecentDep) -> EventCounts:
    """Count the events judged since the start or the last reset."""
    return recent.counts()


@router.get("/good")
async def list_good_events(recent: RecentDep) -> list[dict[str, Any]]:
    """List the last accepted events as the stream got them, newest first."""
    return recent.good()


@router.get("/bad")
async def list_bad_events(recent: RecentDep) -> list[BadEvent]:
    """List the last rejected events with their reasons, newest first."""
    return recent.bad()


@router.get("/reset")
async def reset_events(recent: RecentDep) -> EventCounts:
    """Forget all of it; return the counts, which are zero."""
    recent.reset()
    return recent.counts()
