"""Whether the service lives, and whether it can serve."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from fashion_kit.errors import TransientError
from fashion_kit.problems import problem_responses
from storefront.database import Sessions
from storefront.stream import StreamPublisher, StreamUnavailableError

router = APIRouter(tags=["operations"])


class NotReadyError(TransientError):
    """Raised when something that the service needs does not answer."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"Not reachable: {', '.join(missing)}.", missing=missing)


class Health(BaseModel):
    """The service's state in one word."""

    status: Literal["ok"] = "ok"


async def get_checks(request: Request) -> Mapping[str, Callable[[], bool]]:
    """Return what the service needs, and how to ask each whether it is there."""
    sessions: Sessions = request.state.sessions
    stream: StreamPublisher = request.state.stream
    return {
        "database": lambda: _answers_database(sessions),
        "event stream": lambda: _answers_stream(stream),
    }


ChecksDep = Annotated[Mapping[str, Callable[[], bool]], Depends(get_checks)]


@router.get("/health")
async def health() -> Health:
    """Say that the process lives. It asks nobody else."""
    return Health()


@router.get("/ready", responses=problem_responses(503))
def ready(checks: ChecksDep) -> Health:
    """Say that MySQL and the event stream answer, so that requests can be served."""
    missing = [name for name, answers in checks.items() if not answers()]
    if missing:
        raise NotReadyError(missing)
    return Health()


def _answers_database(sessions: Sessions) -> bool:
    try:
        with sessions() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _answers_stream(stream: StreamPublisher) -> bool:
    try:
        stream.check()
    except StreamUnavailableError:
        return False
    return True
