"""Metrics: every request is counted by its route's template, never by a stranger's path."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from fashion_kit.metrics import install_metrics


@pytest.fixture
async def caller() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    router = APIRouter(prefix="/boots")

    @router.get("/{boot_id}")
    async def get_boot(boot_id: int) -> int:
        return boot_id

    @router.get("/{boot_id}/crash")
    async def crash(boot_id: int) -> int:
        raise RuntimeError

    app.include_router(router)
    install_metrics(app)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as caller:
        yield caller


async def read_counts(caller: httpx.AsyncClient, route: str) -> dict[str, float]:
    """Return how often the route was answered, by status."""
    lines = (await caller.get("/metrics")).text.splitlines()
    counts = [line for line in lines if line.startswith("http_requests_total{")]
    ours = [line for line in counts if f'route="{route}"' in line]
    return {line.split('status="')[1][:3]: float(line.rsplit(" ", 1)[1]) for line in ours}


async def test_requests_are_counted_by_template_and_status(caller: httpx.AsyncClient) -> None:
    before = (await read_counts(caller, "/boots/{boot_id}")).get("200", 0)
    await caller.get("/boots/1")
    await caller.get("/boots/2")
    assert (await read_counts(caller, "/boots/{boot_id}"))["200"] == before + 2


async def test_a_crash_is_counted_as_500(caller: httpx.AsyncClient) -> None:
    await caller.get("/boots/1/crash")
    assert (await read_counts(caller, "/boots/{boot_id}/crash"))["500"] >= 1


async def test_a_guessed_path_makes_no_series_of_its_own(caller: httpx.AsyncClient) -> None:
    await caller.get("/guess-4711")
    assert "guess-4711" not in (await caller.get("/metrics")).text
    assert (await read_counts(caller, "unknown"))["404"] >= 1
