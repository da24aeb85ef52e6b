"""The quality gate."""

import pytest

from recommender.errors import WorseModelError
from recommender.learning.gate import (
    Quality,
    Verdict,
    measure,
    middle_rank,
    model_predictor,
    novel_steps,
    trending_predictor,
)
from recommender.model.artefact import Model
from recommender.settings import LearningSettings


def quality(hit_rate: float, coverage: int = 100) -> Quality:
    return Quality(1000, hit_rate, hit_rate / 3, coverage)


class TestMeasure:
    def test_only_steps_to_new_products_count(self) -> None:
        assert list(novel_steps([[1, 2, 1, 3], [5]])) == [([1], 2), ([1, 2, 1], 3)]

    def test_hits_and_ranks_are_averaged(self) -> None:
        scores = {number: 1 / number for number in range(1, 31)}
        steps: list[tuple[list[int], int]] = [([], target) for target in (1, 2, 99, 30)]

        found = measure(lambda seen: scores, steps, length=20)

        assert found == Quality(4, 0.5, 0.375, coverage=20)

    def test_a_model_ranks_its_nearest_neighbour_first(self, model: Model) -> None:
        predict = model_predictor(model, LearningSettings())

        assert [middle_rank(target, predict([5])) for target in (6, 7, 40)] == [1, 2, None]

    def test_what_was_seen_takes_no_rank(self, model: Model) -> None:
        assert middle_rank(7, model_predictor(model, LearningSettings())([6, 5])) == 1

    def test_equal_scores_share_the_middle_rank(self, model: Model) -> None:
        predict = model_predictor(model, LearningSettings(anchor_decay=1))

        assert middle_rank(2, predict([20, 1])) == 1.5

    def test_trending_knows_nobody_but_leaves_out_what_was_seen(self) -> None:
        predict = trending_predictor([(7, 1.0), (8, 0.5)])

        ranks = [
            middle_rank(target, predict(seen)) for seen, target in (([7], 8), ([], 8), ([], 9))
        ]
        assert ranks == [1, 2, None]


class TestVerdict:
    def test_a_model_that_beats_trending_passes(self) -> None:
        Verdict(quality(0.5), quality(0.2)).check(0.02)

    @pytest.mark.parametrize("hit_rate", [0.2, 0.1])
    def test_a_model_that_does_not_beat_trending_is_refused(self, hit_rate: float) -> None:
        with pytest.raises(WorseModelError, match="trending"):
            Verdict(quality(hit_rate), quality(0.2)).check(0.02)

    def test_a_model_that_falls_behind_the_present_one_is_refused(self) -> None:
        verdict = Verdict(quality(0.5), quality(0.2), quality(0.48), quality(0.5))

        with pytest.raises(WorseModelError, match="present"):
            verdict.check(0.02)

    def test_a_model_that_shows_fewer_products_than_the_present_one_is_refused(self) -> None:
        verdict = Verdict(quality(0.5), quality(0.2), quality(0.5, 90), quality(0.5, 100))

        with pytest.raises(WorseModelError, match="coverage"):
            verdict.check(0.02)

    def test_a_small_loss_is_borne(self) -> None:
        Verdict(quality(0.5), quality(0.2), quality(0.495), quality(0.5)).check(0.02)

    def test_with_nothing_to_judge_by_a_model_passes(self) -> None:
        Verdict().check(0.02)
