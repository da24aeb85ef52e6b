"""The build job over the real stores: landing zone and catalogue in, model and trends out."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from services.recommender.tests.learning.conftest import NOW, Land, Visits, neighbours_of
from typer.testing import CliRunner

from fashion_contracts.events import EventType, Interaction
from fashion_kit.clock import utc_now
from recommender.__main__ import main
from recommender.errors import EmptyCatalogueError, WorseModelError
from recommender.learning.service import BuildReport
from recommender.model.repository import ModelRepository
from recommender.settings import BuildSettings
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import Dimension, Window, segment_scope

pytestmark = pytest.mark.servers


def test_a_model_learns_what_is_looked_at_together(
    past: None, build: Callable[..., BuildReport], models: ModelRepository
) -> None:
    report = build()

    assert neighbours_of(models, 10)[0] == 11
    assert report.verdict.candidate is not None
    assert report.verdict.trending is not None
    assert report.verdict.candidate.hit_rate > report.verdict.trending.hit_rate


def test_trends_are_counted_for_the_shop_and_each_part_of_it(
    past: None, build: Callable[..., BuildReport], trends_repository: TrendsRepository
) -> None:
    build()

    trends = trends_repository.read()

    women = segment_scope("Women", "Footwear")
    assert {"global", "gender#Women", "category#Apparel", women} <= set(trends.by_scope)
    assert trends.best("global")[0][1] == 1
    assert {number % 2 for number, _ in trends.best("category#Footwear")} == {0}
    assert trends.best(women) == trends.best("category#Footwear")


def test_windows_are_counted_where_the_events_reach_back_far_enough(
    past: None, build: Callable[..., BuildReport], trends_repository: TrendsRepository
) -> None:
    build(days=9)

    windows = trends_repository.read_windows()

    assert set(windows) == {(dimension, Window.DAY) for dimension in Dimension}
    assert [v.value for v in windows[Dimension.GENDER, Window.DAY].values] == ["Women"]

    build(days=14)

    assert {window for _, window in trends_repository.read_windows()} == {Window.DAY, Window.WEEK}


def test_a_recent_act_trends_more_than_old_ones(
    land: Land,
    add_products: Any,
    build: Callable[..., BuildReport],
    event: Callable[..., Interaction],
    trends_repository: TrendsRepository,
) -> None:
    add_products([1, 2])
    old = [event(1, at=NOW - timedelta(days=5, seconds=number)) for number in range(10)]
    land((e.to_record() for e in [*old, event(2, at=NOW - timedelta(hours=1))]), at=NOW)

    build()

    assert [number for number, _ in trends_repository.read().best("global")] == [2, 1]


def test_a_purchase_trends_more_than_a_view(
    land: Land,
    add_products: Any,
    build: Callable[..., BuildReport],
    event: Callable[..., Interaction],
    trends_repository: TrendsRepository,
) -> None:
    add_products([1, 2])
    at = NOW - timedelta(hours=1)
    events = [event(1, at=at), event(1, at=at), event(2, EventType.PURCHASE, at=at)]
    land((e.to_record() for e in events), at=NOW)

    build()

    assert trends_repository.read().best("global")[0][0] == 2


def test_bad_lines_and_events_delivered_twice_do_no_harm(
    land: Land,
    add_products: Any,
    build: Callable[..., BuildReport],
    event: Callable[..., Interaction],
) -> None:
    add_products([1, 2])
    line = event(1, at=NOW - timedelta(hours=1)).to_record()
    land([b"{broken\n", line, b"[]\n", b'{"event_id":1,"product_id":"x"}\n', line], at=NOW)
    land([line], at=NOW, name="again.gz")

    assert build().acts == 1


def test_events_older_than_asked_for_are_left_out(
    past: None, build: Callable[..., BuildReport]
) -> None:
    assert build(days=1).acts < build(days=30, now=NOW + timedelta(minutes=1)).acts


def test_the_first_model_of_a_shop_without_history_goes_by_likeness(
    add_products: Any, build: Callable[..., BuildReport], models: ModelRepository
) -> None:
    add_products(range(1, 41))

    report = build()

    assert report.verdict.candidate is None
    assert {number % 2 for number in neighbours_of(models, 11)} == {1}


def test_a_product_nobody_has_seen_has_neighbours_and_is_one(
    past: None, add_products: Any, build: Callable[..., BuildReport], models: ModelRepository
) -> None:
    add_products([101])

    build()

    assert len(neighbours_of(models, 101)) > 5
    assert any(101 in neighbours_of(models, number) for number in range(1, 41))


def test_the_next_model_takes_over(
    past: None,
    build: Callable[..., BuildReport],
    land: Land,
    visits: Visits,
    models: ModelRepository,
) -> None:
    first = build()
    hour = timedelta(hours=1)
    land((e.to_record() for e in visits(60, begin=NOW, span=hour, seed=2)), at=NOW, name="new.gz")

    second = build(now=NOW + hour)

    assert second.verdict.current is not None
    pointer = models.pointer()
    assert pointer is not None
    assert first.version != second.version == pointer.version


def test_a_model_worse_than_the_present_one_is_refused_but_trends_are_renewed(
    past: None,
    build: Callable[..., BuildReport],
    land: Land,
    visits: Visits,
    models: ModelRepository,
    trends_repository: TrendsRepository,
) -> None:
    first = build()
    hour = timedelta(hours=1)
    land((e.to_record() for e in visits(60, begin=NOW, span=hour, seed=2)), at=NOW, name="new.gz")
    before = trends_repository.read()

    with pytest.raises(WorseModelError):
        build(now=NOW + hour, neighbours=1, gate_tolerance=0.0)

    pointer = models.pointer()
    assert pointer is not None
    assert pointer.version == first.version
    assert trends_repository.read() != before


def test_a_model_that_does_not_beat_trending_is_refused(
    past: None, build: Callable[..., BuildReport], models: ModelRepository
) -> None:
    with pytest.raises(WorseModelError):
        build(neighbours=1, gate_length=40)

    assert models.pointer() is None


def test_an_empty_catalogue_builds_nothing(build: Callable[..., BuildReport]) -> None:
    with pytest.raises(EmptyCatalogueError):
        build()


def test_what_is_bought_together_is_learnt(
    past: None,
    land: Land,
    event: Callable[..., Interaction],
    build: Callable[..., BuildReport],
    models: ModelRepository,
) -> None:
    at = NOW - timedelta(hours=1)
    bought = [
        event(product, EventType.PURCHASE, shopper=f"buyer-{number}", at=at)
        for number in range(5)
        for product in (7, 30)
    ]
    land((e.to_record() for e in bought), at=NOW, name="bought.gz")

    build()

    model = models.newer_than(None)
    assert model is not None
    assert model.together_of(7)[0] == [30]


class TestCommand:
    @pytest.fixture
    def environment(self, build_settings: BuildSettings) -> dict[str, str]:
        names = ("shoppers_table", "trends_table", "models_table", "model_bucket", "landing_bucket")
        told = {f"RECOMMENDER_{n.upper()}": getattr(build_settings, n) for n in names}
        url = build_settings.database_url.get_secret_value()
        return told | {"RECOMMENDER_DATABASE_URL": url, "RECOMMENDER_GATE_PREDICTIONS": "50"}

    def test_a_build_says_what_it_did(
        self, environment: dict[str, str], add_products: Any, land: Land, visits: Visits
    ) -> None:
        add_products(range(1, 41))
        now = utc_now()
        week = timedelta(days=7)
        events: Iterable[Interaction] = visits(200, begin=now - week, span=week)
        land((e.to_record() for e in events), at=now)

        done = CliRunner().invoke(main, ["build", "--days", "9"], env=environment)

        assert done.exit_code == 0, done.output
        assert "1 objects of events" in done.output
        assert "new model, last sessions: novel hit rate" in done.output
        assert "is in use" in done.output

    def test_a_refused_build_ends_with_an_error(
        self, environment: dict[str, str], add_products: Any
    ) -> None:
        done = CliRunner().invoke(main, ["build"], env=environment)

        assert done.exit_code == 1
        assert "no active product" in done.output
