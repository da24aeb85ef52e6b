"""The API as a client sees it, in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from httpx import ASGITransport, AsyncClient

from recommender.app import create_app
from recommender.settings import ApiSettings


@asynccontextmanager
async def serving(settings: ApiSettings) -> AsyncIterator[AsyncClient]:
    """Run the app with its start and stop, and yield a client of it."""
    app = create_app(settings)
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = ASGITransport(with_state, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://recommender") as client:
            yield client


def ids_of(answer: Any) -> list[int]:
    return [item["product_id"] for item in answer.json()["items"]]
