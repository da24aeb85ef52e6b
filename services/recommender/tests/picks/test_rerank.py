"""POST /recommendations/rerank: any products in the order of one shopper's interest."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient
from services.recommender.tests.picks.api import ids_of

from fashion_contracts.events import Interaction
from infra.local.database import Database

pytestmark = pytest.mark.servers

Events = Callable[..., Interaction]
Bearer = Callable[..., dict[str, str]]
RERANK = "/recommendations/rerank"


async def test_what_interests_the_shopper_comes_first_and_the_rest_stays_in_order(
    catalogue: Database, in_use: None, fold_events: Any, api: AsyncClient, event: Events
) -> None:
    fold_events(event(5, shopper=None, anonymous_id="anon-1"))
    given = [40, 8, 39, 4711, 6, 40]

    answer = await api.post(RERANK, json={"user_id": "anon-1", "product_ids": given})

    assert ids_of(answer) == [6, 8, 40, 39, 4711, 40]
    scores = [item["score"] for item in answer.json()["items"]]
    assert scores[0] == 1.0
    assert 0 < scores[1] < 1
    assert scores[2:] == [0, 0, 0, 0]


@pytest.mark.parametrize("has_model", [True, False])
async def test_for_a_stranger_the_order_stays(
    api: AsyncClient, use_model: Callable[[], None], has_model: bool
) -> None:
    if has_model:
        use_model()

    answer = await api.post(RERANK, json={"user_id": "anon-1", "product_ids": [3, 1, 2]})

    assert ids_of(answer) == [3, 1, 2]


async def test_it_is_for_nobody_else(api: AsyncClient, bearer: Bearer) -> None:
    question = {"user_id": "me", "product_ids": [1]}

    assert (await api.post(RERANK, json=question)).status_code == 401
    assert (await api.post(RERANK, json=question, headers=bearer("you"))).status_code == 403
    assert (await api.post(RERANK, json=question, headers=bearer("me"))).status_code == 200


@pytest.mark.parametrize("product_ids", [[], list(range(1, 502)), ["x"]])
async def test_what_is_no_list_of_products_is_a_problem(
    api: AsyncClient, product_ids: list[object]
) -> None:
    question = {"user_id": "anon-1", "product_ids": product_ids}

    assert (await api.post(RERANK, json=question)).status_code == 422
