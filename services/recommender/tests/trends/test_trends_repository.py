"""The trends table."""

from datetime import UTC, datetime, timedelta

import pytest

from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import Trends

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.servers
def test_written_trends_read_back(trends_repository: TrendsRepository) -> None:
    trends = {"global": [(7, 1.0), (8, 0.5)], "gender#Women": [(8, 1.0)]}

    trends_repository.write(trends, at=NOW, until=NOW + timedelta(days=1))

    assert trends_repository.read().by_scope == {
        "global": ((7, 1.0), (8, 0.5)),
        "gender#Women": ((8, 1.0),),
    }


@pytest.mark.servers
def test_new_trends_replace_those_of_their_scope(trends_repository: TrendsRepository) -> None:
    for product_id in (7, 8):
        trend = {"global": [(product_id, 1.0)]}
        trends_repository.write(trend, at=NOW, until=NOW + timedelta(days=1))

    assert trends_repository.read().best("global") == ((8, 1.0),)


def test_the_first_scope_that_has_a_trend_is_taken() -> None:
    trends = Trends({"global": ((1, 1.0),), "gender#Women": ((2, 1.0),)})

    assert trends.best("category#Shoes", "gender#Women", "global") == ((2, 1.0),)


def test_without_trends_there_are_no_products() -> None:
    assert Trends().best("global") == ()
