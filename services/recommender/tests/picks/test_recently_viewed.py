"""What the shopper looked at, and that it is forgotten on request."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient
from services.recommender.tests.picks.api import ids_of, serving

from fashion_contracts.events import EventType, Interaction
from infra.local.database import Database
from recommender.interactions.factory import make_service
from recommender.interactions.repository import ShoppersRepository
from recommender.settings import ApiSettings, InteractionsSettings

pytestmark = pytest.mark.servers

Events = Callable[..., Interaction]
Bearer = Callable[..., dict[str, str]]
VIEWED = "/recommendations/anon-1/recently-viewed"


@pytest.fixture
def guest(event: Events) -> Callable[..., Interaction]:
    """Return a maker of a guest's events."""

    def make(product_id: int, type_: EventType = EventType.PRODUCT_VIEW) -> Interaction:
        return event(product_id, type_, shopper=None, anonymous_id="anon-1")

    return make


class TestRecentlyViewed:
    async def test_each_product_is_shown_once_the_latest_first(
        self, catalogue: Database, fold_events: Any, api: AsyncClient, guest: Events
    ) -> None:
        fold_events(guest(1), guest(2), guest(1), guest(3))

        answer = await api.get(VIEWED)

        assert ids_of(answer) == [3, 1, 2]
        assert answer.json()["items"][1] == {
            "product_id": 1,
            "viewed_at": "2026-05-01T12:02:00Z",
            "is_bought": False,
            "is_in_stock": True,
        }
        assert ids_of(await api.get(f"{VIEWED}?limit=1")) == [3]

    async def test_what_is_bought_or_sold_out_says_so_and_what_is_retired_is_left_out(
        self,
        catalogue: Database,
        fold_events: Any,
        api_settings: ApiSettings,
        bearer: Bearer,
        event: Events,
    ) -> None:
        fold_events(*(event(number, shopper="me") for number in (1, 2, 3)))
        fold_events(event(3, EventType.PURCHASE, shopper="me"))
        name = catalogue.name
        catalogue.execute(
            f"UPDATE {name}.products SET is_active = 0 WHERE id = 1",  # noqa: S608
            f"UPDATE {name}.products SET stock = 0 WHERE id = 2",  # noqa: S608
        )

        async with serving(api_settings) as api:
            answer = await api.get("/recommendations/me/recently-viewed", headers=bearer("me"))

        assert [
            (item["product_id"], item["is_bought"], item["is_in_stock"])
            for item in answer.json()["items"]
        ] == [(3, True, True), (2, False, False)]

    async def test_a_stranger_has_seen_nothing(self, api: AsyncClient) -> None:
        assert ids_of(await api.get(VIEWED)) == []

    async def test_it_is_for_nobody_else(self, api: AsyncClient, bearer: Bearer) -> None:
        path = "/recommendations/me/recently-viewed"

        assert (await api.get(path)).status_code == 401
        assert (await api.get(path, headers=bearer("you"))).status_code == 403


class TestForget:
    async def test_nothing_is_known_afterwards(
        self, catalogue: Database, in_use: None, fold_events: Any, api: AsyncClient, guest: Events
    ) -> None:
        fold_events(guest(5), guest(6, EventType.ADD_TO_CART))

        answer = await api.delete("/recommendations/anon-1")

        assert (answer.status_code, answer.content) == (204, b"")
        assert ids_of(await api.get(VIEWED)) == []
        assert ids_of(await api.get("/recommendations/anon-1?limit=2")) == [30, 31]

    async def test_what_the_stream_delivers_again_brings_nothing_back(
        self,
        stored_settings: InteractionsSettings,
        shoppers: ShoppersRepository,
        records: Any,
        api: AsyncClient,
        guest: Events,
    ) -> None:
        service, batch = make_service(stored_settings), records([guest(5)])
        await service.apply(batch)

        await api.delete("/recommendations/anon-1")
        await service.apply(batch)

        assert (await shoppers.get("anon-1")).history == ()
        await service.close()

    async def test_what_is_done_afterwards_is_known_again(
        self, catalogue: Database, fold_events: Any, api: AsyncClient, guest: Events
    ) -> None:
        fold_events(guest(5))
        await api.delete("/recommendations/anon-1")

        fold_events(guest(7))

        assert ids_of(await api.get(VIEWED)) == [7]

    async def test_a_stranger_is_forgotten_without_a_trace(
        self, shoppers: ShoppersRepository, api: AsyncClient
    ) -> None:
        assert (await api.delete("/recommendations/anon-1")).status_code == 204
        assert (await shoppers.get("anon-1")).expires_at == 0

    @pytest.mark.parametrize(
        ("asking", "role", "status"),
        [("me", "customer", 204), ("you", "customer", 403), ("ops", "admin", 204)],
    )
    async def test_only_the_owner_and_trusted_roles_may(
        self, api: AsyncClient, bearer: Bearer, asking: str, role: str, status: int
    ) -> None:
        answer = await api.delete("/recommendations/me", headers=bearer(asking, role))

        assert answer.status_code == status
        assert (await api.delete("/recommendations/me")).status_code == 401
