"""GET /recommendations with wishes: what is left out, the page looked at, category and price."""

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


@pytest.fixture
def viewer_of_five(in_use: None, fold_events: Any, event: Events) -> None:
    """Let the guest look at product 5, whose neighbours are 6 to 15."""
    fold_events(event(5, shopper=None, anonymous_id="anon-1"))


class TestExclude:
    @pytest.mark.parametrize("query", ["exclude=6,7,8", "exclude=6&exclude=7,8"])
    async def test_what_is_excluded_makes_room_for_others(
        self, catalogue: Database, viewer_of_five: None, api: AsyncClient, query: str
    ) -> None:
        answer = await api.get(f"{ANYBODY}?limit=24&{query}")

        assert ids_of(answer)[0] == 9
        assert {6, 7, 8}.isdisjoint(ids_of(answer))
        assert len(ids_of(answer)) == 24

    async def test_excluding_everything_leaves_an_empty_list(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        everything = ",".join(map(str, range(1, 41)))

        answer = await api.get(f"{ANYBODY}?exclude={everything}")

        assert (answer.status_code, ids_of(answer)) == (200, [])

    @pytest.mark.parametrize(
        "value", ["x", "0", "1,,2", "", "4294967296", ",".join(map(str, range(1, 102)))]
    )
    async def test_what_is_no_list_of_products_is_a_problem(
        self, api: AsyncClient, value: str
    ) -> None:
        answer = await api.get(ANYBODY, params={"exclude": value})

        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"


class TestContext:
    async def test_the_page_looked_at_counts_as_the_latest_view(
        self, catalogue: Database, viewer_of_five: None, api: AsyncClient
    ) -> None:
        answer = await api.get(f"{ANYBODY}?context_product_id=20")

        first = answer.json()["items"][0]
        assert (first["product_id"], first["because_of"], first["source"]) == (21, 20, "session")
        assert {5, 20}.isdisjoint(ids_of(answer))
        assert 6 in ids_of(answer)

    async def test_it_is_not_kept(
        self, catalogue: Database, viewer_of_five: None, api: AsyncClient
    ) -> None:
        before = (await api.get(ANYBODY)).json()

        during = (await api.get(f"{ANYBODY}?context_product_id=20")).json()
        after = (await api.get(ANYBODY)).json()

        assert during["generated_at"] == before["generated_at"]
        assert after["items"] == before["items"]

    async def test_a_stranger_on_an_unknown_page_gets_what_is_trending(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        answer = await api.get(f"{ANYBODY}?context_product_id=4294967295&limit=2")

        assert ids_of(answer) == [30, 31]


class TestFilters:
    @pytest.mark.parametrize("category", ["Footwear", "shoes", "SHOES"])
    async def test_a_category_is_filled_down_the_ladder(
        self, catalogue: Database, viewer_of_five: None, api: AsyncClient, category: str
    ) -> None:
        answer = await api.get(f"{ANYBODY}?category={category}&limit=24")

        sources = [item["source"] for item in answer.json()["items"]]
        assert sorted(ids_of(answer)) == list(range(2, 41, 2))
        assert ids_of(answer)[:5] == [6, 8, 10, 12, 14]
        assert sources == sorted(sources, key=["session", "trending", "newest"].index)

    async def test_an_unknown_category_names_those_there_are(
        self, catalogue: Database, api: AsyncClient
    ) -> None:
        answer = await api.get(f"{ANYBODY}?category=Hats")

        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:fashion-store:problem:unknown-category"
        assert answer.json()["known"] == ["Apparel", "Footwear", "Shoes", "Topwear"]

    async def test_nothing_is_dearer_than_asked_for(
        self, catalogue: Database, viewer_of_five: None, api: AsyncClient
    ) -> None:
        answer = await api.get(f"{ANYBODY}?max_price=108.00&limit=24")

        assert sorted(ids_of(answer)) == [1, 2, 3, 4, 6, 7, 8]

    async def test_what_nothing_fits_is_an_empty_list(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        answer = await api.get(f"{ANYBODY}?max_price=0.01&category=Shoes")

        assert (answer.status_code, ids_of(answer)) == (200, [])

    async def test_only_if_nothing_else_fits_comes_back_what_was_seen(
        self, catalogue: Database, in_use: None, fold_events: Any, api: AsyncClient, event: Events
    ) -> None:
        fold_events(
            event(1, shopper=None, anonymous_id="anon-1"),
            event(2, EventType.ADD_TO_CART, shopper=None, anonymous_id="anon-1"),
        )

        assert ids_of(await api.get(f"{ANYBODY}?max_price=102")) == [1]

    @pytest.mark.parametrize("query", ["max_price=0", "max_price=x", "category="])
    async def test_a_filter_without_sense_is_a_problem(self, api: AsyncClient, query: str) -> None:
        assert (await api.get(f"{ANYBODY}?{query}")).status_code == 422

    async def test_without_a_catalogue_a_filter_is_answered_503(
        self, in_use: None, api_settings: ApiSettings
    ) -> None:
        away = api_settings.model_copy(
            update={"database_url": SecretStr("mysql+pymysql://x@127.0.0.1:1/x")}
        )

        async with serving(away) as api:
            answer = await api.get(f"{ANYBODY}?category=Shoes")

        assert answer.status_code == 503
        assert answer.headers["retry-after"]
