"""The trends table."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from services.recommender.tests.trends.plain_counts import product_of

from fashion_contracts.events import EventType, Interaction
from infra.local.resources import Resources
from recommender.learning.landing import LandingRepository
from recommender.learning.workbench import Workbench
from recommender.settings import LearningSettings
from recommender.trends.counting import count_windows
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import Dimension, TrendingValue, Trends, Window, segment_scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
RED = TrendingValue("Red", 8.0, 0.0, 3, 2.6)
KEY = (Dimension.BASE_COLOUR, Window.DAY)


@pytest.mark.servers
class TestForTheRankers:
    def test_written_trends_read_back(self, trends_repository: TrendsRepository) -> None:
        trends = {"global": [(7, 1.0), (8, 0.5)], segment_scope("Women", "Apparel"): [(8, 1.0)]}

        trends_repository.write(trends, at=NOW, until=LATER)

        assert trends_repository.read().by_scope == {
            "global": ((7, 1.0), (8, 0.5)),
            "segment#Women#Apparel": ((8, 1.0),),
        }

    def test_new_trends_replace_the_old(self, trends_repository: TrendsRepository) -> None:
        trends_repository.write({"global": [(7, 1.0)], "gone": [(7, 1.0)]}, at=NOW, until=LATER)
        trends_repository.write({"global": [(8, 1.0)]}, at=NOW, until=LATER)

        assert trends_repository.read().by_scope == {"global": ((8, 1.0),)}

    def test_before_the_first_build_there_are_none(
        self, trends_repository: TrendsRepository
    ) -> None:
        assert trends_repository.read() == Trends()

    def test_windows_are_none_of_theirs(self, trends_repository: TrendsRepository) -> None:
        trends_repository.write_windows({KEY: [RED]}, at=NOW, until=LATER)

        assert trends_repository.read() == Trends()


@pytest.mark.servers
class TestWindows:
    def test_written_windows_read_back(self, trends_repository: TrendsRepository) -> None:
        product = (Dimension.PRODUCT, Window.WEEK)
        shoe = TrendingValue(4_000_000_000, 1.0, 2.0, 1, 0.9)
        trends_repository.write_windows({KEY: [RED], product: [shoe]}, at=NOW, until=LATER)

        read = trends_repository.read_windows()

        assert {key: window.values for key, window in read.items()} == {KEY: [RED], product: [shoe]}
        assert {window.counted_at for window in read.values()} == {NOW}

    def test_a_window_in_which_nothing_trends_replaces_the_old(
        self, trends_repository: TrendsRepository
    ) -> None:
        for values in ([RED], []):
            trends_repository.write_windows({KEY: values}, at=NOW, until=LATER)

        window = trends_repository.read_window(*KEY)
        assert window is not None
        assert window.values == []


@pytest.mark.servers
class TestDeliveredTwice:
    """The stream, Firehose and clients deliver at least once, in any order."""

    @pytest.fixture
    def happenings(self, event: Callable[..., Interaction]) -> list[Interaction]:
        types = (EventType.PRODUCT_VIEW, EventType.ADD_TO_CART, EventType.PURCHASE)
        random = Random(1)
        return [
            event(
                random.randrange(1, 7),
                random.choice(types),
                shopper=f"shopper-{random.randrange(40)}",
                at=NOW - timedelta(seconds=random.randrange(1, 14 * 24 * 3600)),
            )
            for _ in range(400)
        ]

    @pytest.fixture
    def counted(
        self,
        stores: Resources,
        s3: "S3Client",
        dynamodb: "DynamoDBClient",
        trends_repository: TrendsRepository,
    ) -> Callable[[], list[Any]]:
        """Return what counts the landing zone's events and returns the table's items."""
        told = LearningSettings(weight_view=0.1, weight_cart=0.7, weight_purchase=1.3)
        landing = LandingRepository(s3, stores.landing_bucket, threads=2)

        def count() -> list[Any]:
            with TemporaryDirectory() as place, Workbench(told, Path(place)) as bench:
                bench.load_products(map(product_of, range(1, 7)), ())
                begin = NOW - timedelta(days=15)
                files = landing.download(Path(place), since=begin, until=NOW)
                bench.load_events(files, since=begin)
                windows = count_windows(bench, told, Window, NOW)
            trends_repository.write_windows(windows, at=NOW, until=LATER)
            items = dynamodb.scan(TableName=stores.trends_table)["Items"]
            return sorted(items, key=lambda item: (item["scope"]["S"], item["part"]["S"]))

        return count

    def test_events_twice_in_other_objects_and_order_give_the_same_bytes(
        self,
        happenings: list[Interaction],
        land: Callable[[Iterable[Interaction], str], None],
        counted: Callable[[], list[Any]],
    ) -> None:
        land(happenings, "first.gz")
        once = counted()

        for seed in range(3):
            mixed = Random(seed).sample(happenings, len(happenings))
            land(mixed[seed:], f"again-{seed}.gz")
            land(mixed[: 100 * seed], f"and-again-{seed}.gz")

        assert len(once) == len(Dimension) * len(Window)
        assert any(len(item["values"]["B"]) > 100 for item in once)
        assert counted() == once


def test_the_first_scope_that_has_a_trend_is_taken() -> None:
    trends = Trends({"global": ((1, 1.0),), "gender#Women": ((2, 1.0),)})

    assert trends.best("category#Shoes", "gender#Women", "global") == ((2, 1.0),)


def test_without_trends_there_are_no_products() -> None:
    assert Trends().best("global") == ()
