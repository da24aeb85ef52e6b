"""The API over the real stores, with forty products and a model of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx import AsyncClient
from services.recommender.tests.picks.api import serving

from fashion_contracts.events import Interaction
from fashion_kit.clock import utc_now
from fashion_kit.tokens import Identity, issue_token
from infra.local.database import Database
from recommender.interactions.factory import make_service
from recommender.model.repository import ModelRepository
from recommender.settings import ApiSettings, InteractionsSettings
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import Trends

AddProducts = Callable[[Iterable[int]], None]


@pytest.fixture
def bearer(private_key: Ed25519PrivateKey) -> Callable[..., dict[str, str]]:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()

    def make(user_id: str, role: str = "customer") -> dict[str, str]:
        lifetime = timedelta(minutes=5)
        token = issue_token(Identity(user_id, role), pem, now=utc_now(), lifetime=lifetime)
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture
def catalogue(database: Database, add_products: AddProducts) -> Database:
    """Return a database with 40 products in stock."""
    add_products(range(1, 41))
    return database


@pytest.fixture
def use_model(
    models: ModelRepository, trends_repository: TrendsRepository, model_bytes: bytes, trends: Trends
) -> Callable[[], None]:
    """Return what puts the model and the trends in use."""

    def use() -> None:
        now = utc_now()
        models.put_in_use(models.save("model-1", model_bytes, at=now), instead_of=None, at=now)
        trends_repository.write(trends.by_scope, at=now, until=now + timedelta(days=1))

    return use


@pytest.fixture
def in_use(use_model: Callable[[], None]) -> None:
    """Put the model and the trends in use."""
    use_model()


@pytest.fixture
def fold_events(stored_settings: InteractionsSettings, records: Any) -> Callable[..., None]:
    async def fold(events: Sequence[Interaction]) -> None:
        service = make_service(stored_settings)
        assert await service.apply(records(events)) == []
        await service.close()

    def apply(*events: Interaction) -> None:
        # The test has an event loop of its own, which may be running.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, fold(events)).result()

    return apply


@pytest.fixture
async def api(api_settings: ApiSettings) -> AsyncIterator[AsyncClient]:
    async with serving(api_settings) as client:
        yield client
