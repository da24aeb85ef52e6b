"""Shelves around products: what is like one, and what goes with a cart."""

import pytest
from httpx import AsyncClient
from services.recommender.tests.picks.api import ids_of, serving

from infra.local.database import Database
from recommender.settings import ApiSettings

pytestmark = pytest.mark.servers

SIMILAR = "/recommendations/similar"
CART = "/recommendations/cart"


class TestSimilar:
    async def test_neighbours_come_first_best_first(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        answer = await api.get(f"{SIMILAR}/5?limit=10")

        assert ids_of(answer) == list(range(6, 16))
        assert answer.json()["items"][0] == {
            "product_id": 6,
            "score": 1.0,
            "reason": "similar_to",
            "source": "neighbours",
            "because_of": 5,
        }
        assert answer.json()["model_version"] == "model-1"
        assert len(answer.json()["recommendation_id"]) == 26

    async def test_the_rest_is_trending_and_new_of_the_same_article_type(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        answer = await api.get(f"{SIMILAR}/40?limit=24")

        items = answer.json()["items"]
        assert ids_of(answer)[:5] == [30, 32, 34, 36, 38]
        assert [item["source"] for item in items] == ["trending"] * 5 + ["newest"] * 14
        assert all(product_id % 2 == 0 for product_id in ids_of(answer))

    async def test_no_family_comes_twice_nor_the_products_own(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        # Products 1 and 2 are one family.
        assert {1, 2}.isdisjoint(ids_of(await api.get(f"{SIMILAR}/1?limit=24")))

    async def test_what_is_sold_out_is_not_shown(
        self, catalogue: Database, in_use: None, api_settings: ApiSettings
    ) -> None:
        catalogue.execute(
            f"UPDATE {catalogue.name}.products SET stock = 0 WHERE id = 6"  # noqa: S608
        )

        async with serving(api_settings) as api:
            assert ids_of(await api.get(f"{SIMILAR}/5?limit=2")) == [7, 8]

    async def test_an_unknown_product_is_not_found(
        self, catalogue: Database, api: AsyncClient
    ) -> None:
        answer = await api.get(f"{SIMILAR}/4711")

        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:fashion-store:problem:unknown-product"

    @pytest.mark.parametrize("path", ["x", "0", "5?limit=25", "recently-viewed"])
    async def test_what_is_no_product_is_a_problem(self, api: AsyncClient, path: str) -> None:
        assert (await api.get(f"{SIMILAR}/{path}")).status_code == 422


class TestCart:
    async def test_other_article_types_come_first(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        answer = await api.post(CART, json={"product_ids": [5], "limit": 10})

        assert ids_of(answer) == [6, 8, 10, 12, 14, 7, 9, 11, 13, 15]
        first = answer.json()["items"][0]
        assert (first["reason"], first["source"], first["because_of"]) == (
            "goes_with",
            "together",
            5,
        )

    async def test_what_goes_with_several_adds_up(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        answer = await api.post(CART, json={"product_ids": [5, 7, 9], "limit": 1})

        # 10 stands next to 9, and near both others.
        assert ids_of(answer) == [10]
        assert answer.json()["items"][0]["because_of"] == 9

    async def test_nothing_of_the_cart_or_its_families_is_shown(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        answer = await api.post(CART, json={"product_ids": [1, 3, 4], "limit": 24})

        assert {1, 2, 3, 4}.isdisjoint(ids_of(answer))
        assert len(ids_of(answer)) == len(set(ids_of(answer))) == 24

    async def test_a_cart_nobody_knows_gets_what_is_trending(
        self, catalogue: Database, in_use: None, api: AsyncClient
    ) -> None:
        answer = await api.post(CART, json={"product_ids": [4711], "limit": 2})

        assert ids_of(answer) == [30, 31]

    async def test_without_a_model_it_is_the_newest(
        self, catalogue: Database, api: AsyncClient
    ) -> None:
        answer = await api.post(CART, json={"product_ids": [5], "limit": 2})

        assert ids_of(answer) == [40, 39]

    @pytest.mark.parametrize(
        "question",
        [
            {"product_ids": []},
            {"product_ids": list(range(1, 52))},
            {"product_ids": [0]},
            {"product_ids": [1], "limit": 25},
            {"product_ids": [1], "more": 1},
            {},
        ],
    )
    async def test_a_question_without_sense_is_a_problem(
        self, api: AsyncClient, question: dict[str, object]
    ) -> None:
        answer = await api.post(CART, json=question)

        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_body_that_is_too_long_is_refused(self, api: AsyncClient) -> None:
        assert (await api.post(CART, content=b" " * 20_000)).status_code == 413
