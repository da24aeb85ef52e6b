"""The rivals and ours, on sessions small enough to count by hand."""

from math import exp, log, sqrt

import pytest

from recommender.evaluation.ours import ours
from recommender.evaluation.rivals import item_knn, popularity, trending, vmis_knn
from recommender.evaluation.schemas import Attributes, Session
from recommender.settings import LearningSettings

DAY = 86_400.0


@pytest.fixture
def sessions() -> list[Session]:
    lists = [[1, 2, 3], [1, 1, 2], [4, 5], [4, 6], [7]]
    return [Session(day * DAY, products) for day, products in enumerate(lists)]


def test_popularity_counts_clicks(sessions: list[Session]) -> None:
    assert popularity(sessions)([9]) == {1: 3, 2: 2, 3: 1, 4: 2, 5: 1, 6: 1, 7: 1}


def test_a_click_of_three_days_ago_counts_one_eth_in_trending(sessions: list[Session]) -> None:
    scores = trending(sessions)([9])

    assert scores[7] == 1
    assert scores[2] == pytest.approx(exp(-4 / 3) + exp(-1))


def test_item_knn_is_the_cosine_of_sessions(sessions: list[Session]) -> None:
    predict = item_knn(sessions)

    assert predict([4, 1]) == pytest.approx({2: 1, 3: 1 / sqrt(2)})
    assert predict([99]) == {}


def test_vmis_knn_scores_what_like_sessions_hold(sessions: list[Session]) -> None:
    scores = vmis_knn(sessions)([1, 4])

    assert {product for product, score in scores.items() if score > 0} == {1, 2, 3, 4, 5, 6}
    # Each of the two sessions with 4 weighs 0.9, each of those with 1, a click earlier, 0.5 * 0.8.
    assert scores[5] == scores[6] == pytest.approx(0.9 * log(5))
    assert scores[2] == pytest.approx(2 * 0.4 * log(5 / 2))
    assert scores[3] == pytest.approx(0.4 * log(5))


def test_vmis_knn_looks_at_the_latest_sessions_only(sessions: list[Session]) -> None:
    old = [Session(-DAY, [1, 9])]
    predict = vmis_knn([*old, *(Session(0, [1, 2]) for _ in range(500)), *sessions])

    assert 9 not in predict([1])


class TestOurs:
    def test_neighbours_come_first_and_what_is_trending_fills_up(
        self, sessions: list[Session]
    ) -> None:
        scores = ours(sessions * 20, {}, LearningSettings())([1])

        order = sorted(scores, key=scores.__getitem__, reverse=True)
        assert order[0] in {1, 2}
        assert set(order) == {1, 2, 3, 4, 5, 6, 7}

    def test_a_product_nobody_knows_gets_what_is_trending(self, sessions: list[Session]) -> None:
        scores = ours(sessions, {}, LearningSettings())([99])

        assert scores.keys() - {99} == {1, 2, 3, 4, 5, 6, 7}

    def test_the_sessions_own_products_weigh_as_clicks_go_back_to_them(self) -> None:
        onward = [Session(DAY, [1, 2, 3, 4])] * 20
        back = [Session(DAY, [1, 2, 1, 2])] * 20

        without = ours(onward, {}, LearningSettings())([1, 2])
        with_them = ours(onward + back, {}, LearningSettings())([1, 2])

        assert max(without, key=without.__getitem__) == 3
        assert max(with_them, key=with_them.__getitem__) == 1

    def test_products_alike_go_together(self) -> None:
        red, blue = Attributes(base_colour="red"), Attributes(base_colour="blue")
        sessions = [Session(DAY, [product]) for product in (1, 2, 3, 4)]

        scores = ours(sessions, {1: red, 2: blue, 3: red, 4: blue}, LearningSettings())([1])

        assert scores[3] > scores[2]
