"""Assignment: the same variant at every visit, in the share that was asked for, by itself."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recommender.experiments.assignment import Variant, variant_of
from recommender.settings import Experiment, ExperimentSettings, InteractionsSettings

SHOPPERS = [f"shopper-{number}" for number in range(20_000)]


def experiment(name: str = "decay", share: float = 0.5) -> Experiment:
    return Experiment(name=name, share=share, changes={"anchor_decay": 0.3})


def treated(name: str = "decay", share: float = 0.5) -> set[str]:
    tried = experiment(name, share)
    return {shopper for shopper in SHOPPERS if variant_of(tried, shopper) is Variant.TREATMENT}


@given(st.text(min_size=1, max_size=64))
def test_a_shopper_keeps_their_variant(shopper_id: str) -> None:
    assert variant_of(experiment(), shopper_id) is variant_of(experiment(), shopper_id)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_the_share_of_treated_shoppers_is_what_was_asked_for(share: float) -> None:
    deviation = sqrt(share * (1 - share) / len(SHOPPERS))

    assert len(treated(share=share)) / len(SHOPPERS) == pytest.approx(share, abs=4 * deviation)


def test_everybody_is_treated_where_the_share_is_all() -> None:
    assert len(treated(share=1)) == len(SHOPPERS)


def test_who_is_in_one_experiment_says_nothing_of_another() -> None:
    one, other = treated("one"), treated("other")

    in_both = len(one & other) / len(SHOPPERS)

    assert in_both == pytest.approx(0.25, abs=4 * sqrt(0.25 * 0.75 / len(SHOPPERS)))


def test_a_greater_share_puts_nobody_out() -> None:
    assert treated(share=0.1) < treated(share=0.5)


class TestSettings:
    def test_without_the_setting_there_is_no_experiment(self) -> None:
        assert ExperimentSettings().experiment is None

    def test_the_experiment_is_read_from_json(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = '{"name": "decay", "mode": "interleave", "changes": {"session_gap": "PT1H"}}'
        monkeypatch.setenv("RECOMMENDER_EXPERIMENT", told)

        read = ExperimentSettings().experiment

        assert read is not None
        assert (read.name, read.mode, read.share) == ("decay", "interleave", 0.5)
        assert read.changes["session_gap"].total_seconds() == 3600

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"anchor_decy": 0.3}, "anchor_decy: not a setting of ranking"),
            ({"log_level": "DEBUG"}, "log_level: not a setting of ranking"),
            ({"anchor_decay": 3}, "less than or equal to 1"),
        ],
    )
    def test_a_change_that_cannot_be_made_is_refused_at_the_start(
        self, changes: dict[str, object], complaint: str
    ) -> None:
        with pytest.raises(ValidationError, match=complaint):
            Experiment(name="decay", changes=changes)

    def test_a_name_that_does_not_fit_into_an_id_is_refused(self) -> None:
        with pytest.raises(ValidationError):
            Experiment(name="an.other", changes={})

    def test_the_changes_are_made_and_nothing_else(self, settings: InteractionsSettings) -> None:
        changed = experiment().changed(settings)

        assert changed == settings.model_copy(update={"anchor_decay": 0.3})
