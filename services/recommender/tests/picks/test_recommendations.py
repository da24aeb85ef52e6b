"""GET /recommendations over the real stores: who may ask, what is shown, and that never nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient
from pydantic import SecretStr
from services.recommender.tests.picks.api import ids_of, serving

from fashion_contracts.events import EventType, Interaction
from infra.local.database import Database
from recommender.settings import ApiSettings

pytestmark = pytest.mark.servers

Events = Callable[..., Interaction]
ANYBODY = "/recommendations/anon-1"


class TestWhoMayAsk:
    async def test_a_user_needs_a_token(self, api: AsyncClient) -> None:
        answer = await api.get("/recommendations/01JZ0000000000000000000000")

        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"

    async def test_a_forged_token_is_refused(self, api: AsyncClient) -> None:
        answer = await api.get("/recommendations/u", headers={"Authorization": "Bearer nonsense"})

        assert answer.status_code == 401

    async def test_another_users_picks_are_forbidden(
        self, api: AsyncClient, bearer: Callable[..., dict[str, str]]
    ) -> None:
        answer = await api.get("/recommendations/somebody", headers=bearer("somebody-else"))

        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize("role", ["service", "admin"])
    async def test_trusted_roles_may_ask_for_anybody(
        self,
        catalogue: Database,
        api: AsyncClient,
        bearer: Callable[..., dict[str, str]],
        role: str,
    ) -> None:
        answer = await api.get("/recommendations/somebody", headers=bearer("batch", role))

        assert answer.status_code == 200

    async def test_the_owner_may_ask(
        self, catalogue: Database, api: AsyncClient, bearer: Callable[..., dict[str, str]]
    ) -> None:
        answer = await api.get("/recommendations/me", headers=bearer("me"))

        assert answer.json()["user_id"] == "me"

    @pytest.mark.parametrize(
        "path", [f"{ANYBODY}?limit=0", f"{ANYBODY}?limit=25", f"{ANYBODY}?limit=x"]
    )
    async def test_a_limit_out_of_bounds_is_a_problem(self, api: AsyncClient, path: str) -> None:
        answer = await api.get(path)

        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:fashion-store:problem:invalid-request"

    async def test_an_impossible_id_is_a_problem(self, api: AsyncClient) -> None:
        assert (await api.get("/recommendations/anon-%00%20")).status_code == 422


class TestWhatIsShown:
    async def test_picks_follow_the_click(
        self, catalogue: Database, in_use: None, fold_events: Any, api: AsyncClient, event: Events
    ) -> None:
        fold_events(event(5, shopper=None, anonymous_id="anon-1"))

        answer = await api.get(ANYBODY)

        assert len(ids_of(answer)) == 12
        assert answer.json()["items"][0] == {
            "product_id": 6,
            "score": 1.0,
            "reason": "because_you_viewed",
            "source": "session",
            "because_of": 5,
        }
        assert answer.json()["model_version"] == "model-1"
        assert answer.json()["generated_at"] == "2026-05-01T12:00:00Z"

    async def test_each_answer_has_an_id_of_its_own(
        self, catalogue: Database, api: AsyncClient
    ) -> None:
        first = (await api.get(ANYBODY)).json()["recommendation_id"]
        second = (await api.get(ANYBODY)).json()["recommendation_id"]

        assert len(first) == 26
        assert first != second

    async def test_a_stranger_gets_what_is_trending(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        answer = await api.get(f"{ANYBODY}?limit=3")

        assert ids_of(answer) == [30, 31, 32]
        assert answer.json()["generated_at"] is None

    async def test_without_a_model_a_stranger_gets_the_newest(
        self, catalogue: Database, api: AsyncClient
    ) -> None:
        answer = await api.get(ANYBODY)

        assert len(ids_of(answer)) == 12
        assert {item["source"] for item in answer.json()["items"]} == {"newest"}
        assert answer.json()["model_version"] is None

    async def test_what_is_sold_out_or_inactive_is_replaced(
        self,
        catalogue: Database,
        in_use: None,
        fold_events: Any,
        api_settings: ApiSettings,
        event: Events,
    ) -> None:
        fold_events(event(5, shopper=None, anonymous_id="anon-1"))
        name = catalogue.name
        catalogue.execute(
            f"UPDATE {name}.products SET stock = 0 WHERE id = 6",  # noqa: S608
            f"UPDATE {name}.products SET is_active = 0 WHERE id = 7",  # noqa: S608
        )

        async with serving(api_settings) as api:
            answer = await api.get(f"{ANYBODY}?limit=24")

        assert {6, 7}.isdisjoint(ids_of(answer))
        assert len(ids_of(answer)) == 24

    async def test_bought_products_stay_away_from_the_fill_too(
        self,
        catalogue: Database,
        in_use: None,
        fold_events: Any,
        api: AsyncClient,
        bearer: Callable[..., dict[str, str]],
        event: Events,
    ) -> None:
        bought = range(30, 38)
        fold_events(*(event(number, EventType.PURCHASE, shopper="me") for number in bought))

        answer = await api.get("/recommendations/me?limit=24", headers=bearer("me"))

        assert len(ids_of(answer)) == 24
        assert set(bought).isdisjoint(ids_of(answer))

    async def test_a_shopper_who_has_seen_everything_still_gets_something(
        self, catalogue: Database, fold_events: Any, api_settings: ApiSettings, event: Events
    ) -> None:
        name = catalogue.name
        catalogue.execute(f"UPDATE {name}.products SET stock = 0 WHERE id > 3")  # noqa: S608
        fold_events(
            *(event(number, shopper=None, anonymous_id="anon-1") for number in (1, 2)),
            event(3, EventType.ADD_TO_CART, shopper=None, anonymous_id="anon-1"),
        )

        async with serving(api_settings) as api:
            assert sorted(ids_of(await api.get(ANYBODY))) == [1, 2]

    async def test_an_empty_shop_says_so(self, api: AsyncClient) -> None:
        answer = await api.get(ANYBODY)

        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:fashion-store:problem:nothing-to-recommend"
        assert answer.headers["retry-after"]

    async def test_a_newer_model_ranks_stored_histories_at_once(
        self,
        catalogue: Database,
        fold_events: Any,
        use_model: Callable[[], None],
        api_settings: ApiSettings,
        event: Events,
    ) -> None:
        fold_events(event(5, shopper=None, anonymous_id="anon-1"))
        use_model()

        async with serving(api_settings) as api:
            answer = await api.get(ANYBODY)

        assert ids_of(answer)[0] == 6

    async def test_a_database_that_is_away_does_not_stop_the_picks(
        self, in_use: None, api_settings: ApiSettings
    ) -> None:
        away = api_settings.model_copy(
            update={"database_url": SecretStr("mysql+pymysql://nobody@127.0.0.1:1/none")}
        )

        async with serving(away) as api:
            assert ids_of(await api.get(f"{ANYBODY}?limit=2")) == [30, 31]

    async def test_what_sells_out_while_running_is_noticed(
        self, catalogue: Database, in_use: None, api_settings: ApiSettings
    ) -> None:
        eager = api_settings.model_copy(update={"availability_refresh_seconds": 0.02})

        async with serving(eager) as api, asyncio.timeout(10):
            assert ids_of(await api.get(ANYBODY))[0] == 30
            catalogue.execute(
                f"UPDATE {catalogue.name}.products SET stock = 0,"  # noqa: S608
                " updated_at = UTC_TIMESTAMP(6) WHERE id = 30"
            )
            while 30 in ids_of(await api.get(ANYBODY)):
                await asyncio.sleep(0)


class TestOperations:
    async def test_health_ready_and_metrics_answer(self, api: AsyncClient) -> None:
        assert (await api.get("/health")).json() == {"status": "ok"}
        assert (await api.get("/ready")).json() == {"status": "ready"}
        assert "http_requests_total" in (await api.get("/metrics")).text

    async def test_not_ready_without_dynamodb(self, api_settings: ApiSettings) -> None:
        lost = api_settings.model_copy(update={"shoppers_table": "no-such-table"})

        async with serving(lost) as api:
            answer = await api.get("/ready")

        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:fashion-store:problem:store-unavailable"
