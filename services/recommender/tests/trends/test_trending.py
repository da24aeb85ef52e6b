"""GET /trending over the real stores: what is shown, in which order, and to whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from services.recommender.tests.trends.conftest import Serving

from infra.local.database import Database
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import Dimension, TrendingValue, Window

pytestmark = pytest.mark.servers

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PRODUCTS = [
    TrendingValue(2, 9.0, 0.0, 4, 2.8),
    TrendingValue(3, 30.0, 12.0, 11, 1.9),
    TrendingValue(1, 50.0, 60.0, 20, 0.8),
]
COLOURS = [TrendingValue("Red", 39.0, 12.0, 13, 2.1)]


@pytest.fixture
def counted(trends_repository: TrendsRepository) -> None:
    """Put a counted day into the table."""
    windows = {
        (Dimension.PRODUCT, Window.DAY): PRODUCTS,
        (Dimension.BASE_COLOUR, Window.DAY): COLOURS,
    }
    trends_repository.write_windows(windows, at=NOON, until=NOON + timedelta(days=7))


def values_of(answer: Any) -> list[int | str]:
    return [item["value"] for item in answer.json()["items"]]


async def test_anybody_sees_products_by_their_lift(
    catalogue: Database, counted: None, serving: Serving
) -> None:
    async with serving() as api:
        answer = await api.get("/trending")

    assert answer.status_code == 200
    assert answer.json() == {
        "dimension": "product",
        "window": {
            "length": "24h",
            "begin": "2026-04-30T12:00:00Z",
            "end": "2026-05-01T12:00:00Z",
        },
        "counted_at": "2026-05-01T12:00:00Z",
        "items": [
            {
                "value": value.value,
                "count": value.count,
                "previous_count": value.previous_count,
                "shoppers": value.shoppers,
                "lift": value.lift,
                "is_new": value.value == 2,
            }
            for value in PRODUCTS
        ],
    }


async def test_the_order_may_be_the_count_and_the_limit_cuts_after_it(
    catalogue: Database, counted: None, serving: Serving
) -> None:
    async with serving() as api:
        assert values_of(await api.get("/trending?sort=count")) == [1, 3, 2]
        assert values_of(await api.get("/trending?sort=count&limit=1")) == [1]
        assert values_of(await api.get("/trending?limit=2")) == [2, 3]


async def test_attributes_trend_under_their_own_names(counted: None, serving: Serving) -> None:
    async with serving() as api:
        answer = await api.get("/trending?dimension=base_colour&window=24h")

    assert values_of(answer) == ["Red"]


async def test_what_cannot_be_bought_is_left_out(
    catalogue: Database, counted: None, serving: Serving
) -> None:
    name = catalogue.name
    catalogue.execute(
        f"UPDATE {name}.products SET stock = 0 WHERE id = 2",  # noqa: S608
        f"UPDATE {name}.products SET is_active = 0 WHERE id = 3",  # noqa: S608
    )

    async with serving() as api:
        assert values_of(await api.get("/trending?limit=1")) == [1]


@pytest.mark.parametrize("dimension", Dimension)
@pytest.mark.parametrize("window", Window)
async def test_before_the_first_count_there_is_an_empty_list(
    serving: Serving, dimension: Dimension, window: Window
) -> None:
    async with serving() as api:
        answer = await api.get(f"/trending?dimension={dimension}&window={window}")

    assert answer.status_code == 200
    assert answer.json() == {
        "dimension": dimension,
        "window": {"length": window, "begin": None, "end": None},
        "counted_at": None,
        "items": [],
    }


@pytest.mark.parametrize(
    "query", ["dimension=brand", "window=2h", "sort=name", "limit=0", "limit=51", "limit=x"]
)
async def test_what_is_not_offered_is_a_problem(serving: Serving, query: str) -> None:
    async with serving() as api:
        answer = await api.get(f"/trending?{query}")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:fashion-store:problem:invalid-request"


async def test_an_answer_already_known_is_not_sent_again(
    catalogue: Database, counted: None, serving: Serving
) -> None:
    async with serving() as api:
        etag = (await api.get("/trending")).headers["etag"]
        same = await api.get("/trending", headers={"If-None-Match": etag})
        other = await api.get("/trending?sort=count", headers={"If-None-Match": etag})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert other.status_code == 200
