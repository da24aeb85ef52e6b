"""The command over the real stores: a shopper's picks, told in tables."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.picks import Shopper
from fashion_kit.clock import utc_now
from fashion_kit.mysql import mysql_engine
from infra.local.database import Database
from infra.local.resources import Resources
from recommender.__main__ import main
from recommender.interactions.fold import fold
from recommender.model.repository import ModelRepository
from recommender.settings import Experiment
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import Trends

pytestmark = pytest.mark.servers


@pytest.fixture
def shop(
    stores: Resources,
    database: Database,
    add_products: Any,
    models: ModelRepository,
    trends_repository: TrendsRepository,
    model_bytes: bytes,
    trends: Trends,
    monkeypatch: pytest.MonkeyPatch,
) -> pytest.MonkeyPatch:
    """Return the environment of a shop with 40 products, one of them sold out, and a model."""
    add_products(range(1, 41))
    engine = mysql_engine(database.owner_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE products SET stock = 0 WHERE id = 22"))
    engine.dispose()
    now = utc_now()
    models.put_in_use(models.save("model-1", model_bytes, at=now), instead_of=None, at=now)
    trends_repository.write(trends.by_scope, at=now, until=now + timedelta(days=1))
    names = ("shoppers_table", "trends_table", "models_table", "model_bucket", "landing_bucket")
    for name in names:
        monkeypatch.setenv(f"RECOMMENDER_{name.upper()}", getattr(stores, name))
    url = database.grant("recommender_explain", "SELECT ON products")
    monkeypatch.setenv("RECOMMENDER_DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "200")
    return monkeypatch


@pytest.fixture
def keep(stores: Resources, dynamodb: Any) -> Callable[[Shopper], None]:
    """Return what puts a shopper's item into the table."""

    def put(shopper: Shopper) -> None:
        dynamodb.put_item(TableName=stores.shoppers_table, Item=shopper.to_attributes())

    return put


def told(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["explain", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_history_anchors_candidates_and_picks_are_told(
    shop: pytest.MonkeyPatch,
    keep: Callable[[Shopper], None],
    event: Callable[..., Interaction],
) -> None:
    keep(fold(Shopper("shopper"), [event(5, EventType.ADD_TO_CART), event(20)]))

    output = told("shopper")

    for expected in (
        "add_to_cart",
        "in the cart",
        "Brand3 Black Shoes",
        "sold out or withdrawn",
        "pick 1",
        "by 20",
        "because_you_viewed 20",
        "ranked anew",
    ):
        assert expected in output, output


def test_a_stranger_is_told_what_is_trending_and_new(shop: pytest.MonkeyPatch) -> None:
    output = told("anon-nobody")

    assert "Nothing is known of this shopper" in output
    assert "because_you" not in output


def test_a_shopper_of_an_experiment_is_told_their_own_ranking(
    shop: pytest.MonkeyPatch,
    keep: Callable[[Shopper], None],
    event: Callable[..., Interaction],
) -> None:
    keep(fold(Shopper("shopper"), [event(5), event(20)]))
    experiment = Experiment(name="decay", share=1, changes={"anchor_decay": 0.125})
    shop.setenv("RECOMMENDER_EXPERIMENT", experiment.model_dump_json())

    assert "0.1250" in told("shopper")


def test_a_catalogue_that_does_not_answer_is_said_in_one_line(shop: pytest.MonkeyPatch) -> None:
    shop.setenv("RECOMMENDER_DATABASE_URL", "mysql+pymysql://nobody@127.0.0.1:9/none")

    result = CliRunner().invoke(main, ["explain", "shopper"])

    assert result.exit_code == 1
    assert "Could not read the catalogue" in result.output
