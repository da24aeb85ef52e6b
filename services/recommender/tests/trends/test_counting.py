"""Windows counted by SQL: exactly what a count in plain Python says, and what is called a trend."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.recommender.tests.trends.conftest import BenchOf
from services.recommender.tests.trends.plain_counts import plain_counts

from fashion_contracts.events import EventType, Interaction
from recommender.settings import LearningSettings
from recommender.trends.counting import VALUES, count_windows
from recommender.trends.schemas import Dimension, TrendingValue, Window

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Events = Callable[..., Interaction]
# A function-scoped fixture that only makes things is the same for every example.
quick = settings(max_examples=25)


def interaction(
    number: int, product_id: int, type_: EventType, shopper: str, minutes: int, late: int
) -> Interaction:
    """Return an event of so many minutes ago that came late, or before its own clock's time."""
    acted_at = NOW - timedelta(minutes=minutes)
    return Interaction.model_validate(
        {
            "event_id": f"event-{number}",
            "type": type_,
            "anonymous_id": shopper,
            "session_id": "s",
            "product_id": product_id,
            "query": "shirt",
            "event_time": acted_at,
            "received_at": acted_at + timedelta(minutes=late),
        }
    )


EDGES = [
    int(times * window.length / timedelta(minutes=1)) for window in Window for times in (0, 1, 2)
]
acts = st.builds(
    interaction,
    st.integers(0, 10**9),
    st.sampled_from([1, 2, 3, 4, 5, 6, 99]),
    st.sampled_from(EventType),
    st.sampled_from(["anon-a", "anon-b", "anon-c"]),
    st.one_of(st.integers(-10, 200), st.integers(-10, 15 * 24 * 60), st.sampled_from(EDGES)),
    st.sampled_from([0, 0, -5, 300]),
)
happenings = st.lists(acts, max_size=60, unique_by=lambda event: event.event_id)


@given(events=happenings, again=st.data())
@quick
def test_counts_are_those_of_plain_python(
    bench_of: BenchOf, learning: LearningSettings, events: list[Interaction], again: st.DataObject
) -> None:
    twice = again.draw(st.lists(st.sampled_from(events), max_size=20)) if events else []
    mixed = again.draw(st.permutations([*events, *twice]))
    cut = len(mixed) // 2

    with bench_of(mixed[:cut], mixed[cut:]) as bench:
        counted = count_windows(bench, learning, Window, NOW)

    for (dimension, window), values in counted.items():
        found = {v.value: (v.count, v.previous_count, v.shoppers) for v in values}
        assert found == plain_counts(events, dimension, window, NOW), (dimension, window)


@given(events=happenings)
@settings(quick, max_examples=8)
def test_seven_days_are_the_week_and_the_window_before_is_the_one_that_was(
    bench_of: BenchOf, learning: LearningSettings, events: list[Interaction]
) -> None:
    days: Counter[int | str] = Counter()
    with bench_of(events) as bench:
        [week, earlier] = [
            count_windows(bench, learning, [Window.WEEK], NOW - timedelta(days=age))
            for age in (0, 7)
        ]
        for age in range(7):
            day = count_windows(bench, learning, [Window.DAY], NOW - timedelta(days=age))
            for value in day[Dimension.PRODUCT, Window.DAY]:
                days[value.value] += int(value.count)

    products = week[Dimension.PRODUCT, Window.WEEK]
    assert {value.value: value.count for value in products} == days
    before = {value.value: value.count for value in earlier[Dimension.PRODUCT, Window.WEEK]}
    assert all(value.previous_count == before.get(value.value, 0) for value in products)


@given(
    views=st.dictionaries(st.integers(1, 6), st.integers(1, 8), min_size=1),
    busier=st.integers(1, 5),
)
@quick
def test_a_shop_that_is_evenly_busier_lifts_nothing(
    bench_of: BenchOf, learning: LearningSettings, views: dict[int, int], busier: int
) -> None:
    ids = iter(range(10**6))
    events = [
        interaction(next(ids), product, EventType.PRODUCT_VIEW, "anon-a", minutes, 0)
        for product, count in views.items()
        for minutes, times in ((30, busier), (90, 1))
        for _ in range(count * times)
    ]

    with bench_of(events) as bench:
        counted = count_windows(bench, learning, [Window.HOUR], NOW)

    assert {value.lift for values in counted.values() for value in values} == {1.0}


class TestWhatTrends:
    @pytest.fixture
    def hour(self, bench_of: BenchOf) -> Callable[..., Sequence[TrendingValue]]:
        """Return what counts the last hour's products."""

        def count(*events: Interaction, **changed: float) -> Sequence[TrendingValue]:
            told = LearningSettings.model_validate(changed)
            with bench_of(events, products=3 * VALUES) as bench:
                return count_windows(bench, told, [Window.HOUR], NOW)[
                    Dimension.PRODUCT, Window.HOUR
                ]

        return count

    def test_a_window_begins_with_its_first_moment_and_ends_before_its_last(
        self, hour: Callable[..., Sequence[TrendingValue]], event: Events
    ) -> None:
        moment = timedelta(microseconds=1)
        now = [event(1, shopper="a", at=at) for at in (NOW - moment, NOW - HOUR)]
        before = [event(1, at=at) for at in (NOW - HOUR - moment, NOW - 2 * HOUR)]
        neither = [event(1, at=at) for at in (NOW, NOW - 2 * HOUR - moment)]

        [value] = hour(*now, *before, *neither, trend_floor=1)

        assert (value.count, value.previous_count, value.shoppers) == (2, 2, 1)

    def test_few_acts_are_no_trend(
        self, hour: Callable[..., Sequence[TrendingValue]], event: Events
    ) -> None:
        few = [event(1, EventType.PURCHASE, at=NOW - HOUR / 2) for _ in range(4)]
        enough = [event(2, at=NOW - HOUR / 2) for _ in range(5)]

        assert [value.value for value in hour(*few, *enough)] == [2]

    def test_what_gains_is_before_what_is_always_wanted(
        self, hour: Callable[..., Sequence[TrendingValue]], event: Events
    ) -> None:
        always = [event(1, at=NOW - HOUR * n / 50) for n in range(1, 101)]
        gains = [event(2, at=NOW - HOUR / 2) for _ in range(20)]

        first, second = hour(*always, *gains)

        assert (first.value, first.count, first.previous_count) == (2, 20, 0)
        assert first.lift > 1 > second.lift
        assert second.count > first.count

    def test_the_greater_the_prior_the_smaller_the_lift(
        self, hour: Callable[..., Sequence[TrendingValue]], event: Events
    ) -> None:
        before = [event(1, at=NOW - HOUR * 3 / 2) for _ in range(9)]
        gains = [event(2, at=NOW - HOUR / 2) for _ in range(9)]

        lifts = [hour(*before, *gains, trend_prior=prior)[0].lift for prior in (1, 5, 50)]

        assert lifts == [10, 2.8, 1.18]

    def test_with_nothing_to_compare_with_there_is_no_lift(
        self, hour: Callable[..., Sequence[TrendingValue]], event: Events
    ) -> None:
        events = [event(1 + n % 2, at=NOW - HOUR / 2) for n in range(15)]

        assert [(v.value, v.lift) for v in hour(*events)] == [(1, 1.0), (2, 1.0)]

    def test_the_best_by_lift_and_the_best_by_count_are_kept(
        self, hour: Callable[..., Sequence[TrendingValue]], event: Events
    ) -> None:
        steady = [
            event(number, at=NOW - HOUR / 2 - HOUR * (copy % 2))
            for number in range(1, VALUES + 51)
            for copy in range(14 if number <= VALUES else 12)
        ]
        new = [event(n, at=NOW - HOUR / 2) for n in range(151, 151 + VALUES + 20) for _ in range(5)]

        kept = {value.value for value in hour(*steady, *new)}

        assert kept == {*range(1, VALUES + 1), *range(151, 151 + VALUES)}
