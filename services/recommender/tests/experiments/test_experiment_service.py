"""What is shown while an experiment runs."""

from collections.abc import Callable, Sequence
from itertools import count

import pytest

from fashion_contracts.picks import PICKS_LENGTH, Pick, Reason, Source
from recommender.experiments.assignment import Variant, variant_of
from recommender.experiments.identifiers import ExperimentAnswerId
from recommender.experiments.service import ExperimentService
from recommender.settings import (
    Experiment,
    ExperimentMode,
    InteractionsSettings,
    RankingSettings,
)

SHOPPERS = [f"shopper-{number}" for number in range(40)]
UP, DOWN = list(range(1, 25)), list(range(24, 0, -1))
Make = Callable[[Experiment | None], ExperimentService]


@pytest.fixture
def make(settings: InteractionsSettings) -> Make:
    numbers = count(1)
    return lambda experiment: ExperimentService(
        experiment, settings, lambda: f"answer-{next(numbers)}"
    )


def tried(mode: ExperimentMode, share: float = 0.5) -> Experiment:
    return Experiment(name="decay", mode=mode, share=share, changes={"anchor_decay": 0.3})


def rank(settings: RankingSettings) -> Sequence[Pick]:
    ordered = DOWN if settings.anchor_decay == 0.3 else UP
    return [Pick(number, 0.5, Source.SESSION, Reason.VIEWED) for number in ordered]


def shown(service: ExperimentService, shopper_id: str, limit: int = 24) -> tuple[str, list[int]]:
    answer_id, picks = service.arrange(shopper_id, limit, rank)
    return answer_id, [pick.product_id for pick in picks]


def test_without_an_experiment_the_base_is_asked_for_and_the_id_is_plain(
    make: Make, settings: InteractionsSettings
) -> None:
    asked: list[RankingSettings] = []

    def remember(by: RankingSettings) -> Sequence[Pick]:
        asked.append(by)
        return ()

    answer = make(None).arrange("shopper", 12, remember)

    assert answer == ("answer-1", ())
    assert asked[0] is settings
    assert len(asked) == 1


@pytest.mark.parametrize("shopper_id", SHOPPERS)
def test_each_shopper_sees_the_ranking_of_their_variant(make: Make, shopper_id: str) -> None:
    experiment = tried(ExperimentMode.AB)

    answer_id, products = shown(make(experiment), shopper_id)

    variant = variant_of(experiment, shopper_id)
    assert ExperimentAnswerId.parse(answer_id) == ExperimentAnswerId("answer-1", "decay", variant)
    assert products == (DOWN if variant is Variant.TREATMENT else UP)


def test_control_is_asked_for_the_very_base(make: Make, settings: InteractionsSettings) -> None:
    experiment = tried(ExperimentMode.AB)
    service = make(experiment)
    in_control = [s for s in SHOPPERS if variant_of(experiment, s) is Variant.CONTROL]

    assert all(service.settings_of(shopper_id) is settings for shopper_id in in_control)


def test_an_interleaved_answer_says_whose_each_position_is(make: Make) -> None:
    answer_id, products = shown(make(tried(ExperimentMode.INTERLEAVE, share=1)), "shopper", 12)

    read = ExperimentAnswerId.parse(answer_id)
    assert read is not None
    assert len(products) == len(set(products)) == 12
    teams: dict[Variant, list[int]] = {Variant.CONTROL: [], Variant.TREATMENT: []}
    for place, product_id in enumerate(products):
        teams[read.team_at(place)].append(product_id)
    assert teams[Variant.CONTROL] == sorted(teams[Variant.CONTROL])
    assert teams[Variant.TREATMENT] == sorted(teams[Variant.TREATMENT], reverse=True)
    assert len(teams[Variant.CONTROL]) == len(teams[Variant.TREATMENT]) == 6


def test_an_answer_as_long_as_can_be_has_an_id_that_fits(make: Make) -> None:
    answer_id, products = shown(make(tried(ExperimentMode.INTERLEAVE, share=1)), "shopper")

    assert len(products) == PICKS_LENGTH
    assert len(answer_id) <= len("answer-1.decay.i") + PICKS_LENGTH // 4


def test_who_is_not_in_the_interleavings_share_sees_the_base(
    make: Make, settings: InteractionsSettings
) -> None:
    experiment = tried(ExperimentMode.INTERLEAVE)
    outside = next(s for s in SHOPPERS if variant_of(experiment, s) is Variant.CONTROL)

    assert shown(make(experiment), outside) == ("answer-1", UP)
    assert all(make(experiment).settings_of(shopper_id) is settings for shopper_id in SHOPPERS)
