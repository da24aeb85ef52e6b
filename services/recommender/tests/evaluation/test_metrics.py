"""The protocol: both views, ties, and what is counted."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.evaluation.metrics import Figures, measure

SCORES = {1: 4.0, 2: 3.0, 3: 2.0, 4: 1.0}


def views(
    scores: dict[int, float], *steps: tuple[list[int], int], products: int = 50
) -> list[Figures]:
    measured = measure(lambda _seen: scores, steps, products=products)
    return [measured.views["all"], measured.views["novel"]]


def test_seen_products_stay_in_all_and_are_taken_out_of_novel() -> None:
    every, novel = views(SCORES, ([1, 2], 3))

    assert every == Figures(1, 1, 1 / 3, 1 / log2(4), 4 / 50)
    assert novel == Figures(1, 1, 1, 1, 2 / 50)


def test_a_revisit_counts_in_all_only() -> None:
    every, novel = views(SCORES, ([1, 2], 1))

    assert (every.predictions, every.reciprocal_rank) == (1, 1)
    assert (novel.predictions, novel.hit_rate, novel.coverage) == (0, 0, 0)


def test_equal_scores_share_the_middle_rank() -> None:
    every, _ = views({1: 1.0, 2: 1.0, 3: 1.0}, ([9], 2))

    assert every.reciprocal_rank == 1 / 2


def test_what_has_no_score_is_tied_for_last_among_all_products() -> None:
    few, _ = views(SCORES, ([1], 7), products=24)
    many, _ = views(SCORES, ([1], 7), products=60)

    assert few.reciprocal_rank == pytest.approx(1 / 14.5)
    assert many.hit_rate == 0


@given(
    st.dictionaries(st.integers(1, 30), st.sampled_from([0.5, 1.0, 2.0]), max_size=30),
    st.lists(st.integers(1, 30), min_size=1, max_size=6),
    st.integers(1, 30),
)
def test_ranks_are_those_of_a_plain_sort(
    scores: dict[int, float], seen: list[int], target: int
) -> None:
    every, novel = views(scores, (seen, target), products=30)

    for view, hidden in ((every, set()), (novel, set(seen))):
        ranked = [scores.get(product, 0) for product in range(1, 31) if product not in hidden]
        ranked.sort(reverse=True)
        places = [place for place, score in enumerate(ranked, 1) if score == scores.get(target, 0)]
        if view.predictions:
            rank = sum(places) / len(places)
            assert view.reciprocal_rank == pytest.approx(1 / rank if rank <= 20 else 0)


def test_nothing_to_predict_is_no_error() -> None:
    measured = measure(lambda _seen: {}, [], products=0)

    assert measured.views["all"] == Figures(0, 0, 0, 0, 0)
    assert measured.microseconds_p99 == 0
