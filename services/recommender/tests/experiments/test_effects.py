"""Effects: who is counted where, and what is said of it."""

import io
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from recommender.experiments.assignment import Variant, variant_of
from recommender.experiments.effects import effects_of
from recommender.experiments.picture import draw
from recommender.experiments.report import show
from recommender.experiments.schemas import (
    AbEffects,
    Effects,
    Impression,
    InterleavedEffects,
    Outcome,
)
from recommender.settings import Experiment, ExperimentMode

AB = Experiment(name="decay", changes={"anchor_decay": 0.3})
INTERLEAVED = AB.model_copy(update={"mode": ExperimentMode.INTERLEAVE, "share": 1.0})
SHOPPERS = [f"shopper-{number}" for number in range(2_000)]
CLICK = frozenset({Outcome.CLICK})


def ab_impressions(*, control: float, treatment: float, seed: int = 1) -> list[Impression]:
    """Return a few impressions of each shopper, clicked at the rates of the variants."""
    random = Random(seed)
    rates = {Variant.CONTROL: control, Variant.TREATMENT: treatment}
    impressions = []
    for shopper_id in SHOPPERS:
        variant = variant_of(AB, shopper_id)
        for number in range(random.randint(1, 4)):
            answer = f"{shopper_id}-{number}.decay.{variant[0]}"
            outcomes = CLICK if random.random() < rates[variant] else frozenset[Outcome]()
            impressions.append(Impression(shopper_id, answer, (), outcomes))
    return impressions


def ab_effects(impressions: list[Impression]) -> AbEffects:
    effects = effects_of(AB, impressions)
    assert isinstance(effects, AbEffects)
    return effects


def interleaved_effects(impressions: list[Impression]) -> InterleavedEffects:
    effects = effects_of(INTERLEAVED, impressions)
    assert isinstance(effects, InterleavedEffects)
    return effects


def printed(effects: Effects) -> str:
    console = Console(file=io.StringIO(), width=120)
    show(effects, console)
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_a_planted_effect_is_found() -> None:
    clicks, carts, _ = ab_effects(ab_impressions(control=0.2, treatment=0.3)).effects

    assert clicks.control == pytest.approx(0.2, abs=0.03)
    assert clicks.treatment == pytest.approx(0.3, abs=0.03)
    assert clicks.difference is not None
    assert clicks.difference.low > 0
    assert clicks.difference.holds(0.1)
    assert clicks.relative is not None
    assert clicks.relative.holds(0.5)
    assert (carts.control, carts.difference) == (0, None)


def test_every_impression_is_counted_once() -> None:
    impressions = ab_impressions(control=0.2, treatment=0.2)

    effects = ab_effects(impressions)

    assert sum(effects.impressions.values()) == len(impressions)
    assert sum(effects.shoppers.values()) == len(SHOPPERS)
    assert effects.strays == 0


def test_a_variant_that_is_not_the_shoppers_is_counted_apart() -> None:
    shopper_id = SHOPPERS[0]
    own = variant_of(AB, shopper_id)
    letters = {Variant.CONTROL: "t", Variant.TREATMENT: "c"}
    stray = [
        Impression(shopper_id, f"1.decay.{letters[own]}"),
        Impression(shopper_id, "2.decay.i5"),
    ]

    effects = ab_effects([*stray, Impression(shopper_id, f"3.decay.{own[0]}")])

    assert effects.strays == 2
    assert effects.impressions[own] == 1
    assert sum(effects.impressions.values()) == 1
    assert "2 impressions are of a variant that is not the shopper's" in printed(effects)


def test_a_wrong_share_of_shoppers_is_warned_of() -> None:
    impressions = ab_impressions(control=0.2, treatment=0.2)
    lost = [i for i in impressions if not (i.recommendation_id[-1] == "t" and "7" in i.shopper_id)]

    assert "must not be trusted" in printed(ab_effects(lost))
    assert "must not be trusted" not in printed(ab_effects(impressions))


def test_nothing_is_claimed_of_an_experiment_without_impressions(tmp_path: Path) -> None:
    effects = ab_effects([])

    assert all(effect.difference is None for effect in effects.effects)
    assert "0 impressions" in printed(effects)
    assert "No list_view has come yet" in printed(effects)
    draw(effects, tmp_path / "none.png")


def interleaved_impressions(*, treatment_share: float) -> list[Impression]:
    """Return impressions with positions in turns, treatment's the odd ones, one clicked in each."""
    random = Random(2)
    return [
        Impression(
            shopper_id,
            f"{shopper_id}-{number}.decay.iaaa",
            (2 * random.randrange(6) + (random.random() < treatment_share),),
            CLICK,
        )
        for shopper_id in SHOPPERS
        for number in range(random.randint(1, 3))
    ]


def test_clicks_are_counted_for_the_team_whose_product_it_was() -> None:
    effects = interleaved_effects(
        [
            Impression("one", "1.decay.i5", (0, 1, 2), CLICK),
            Impression("two", "2.decay.i5", (1,), CLICK),
            Impression("three", "3.decay.i5", (0, 1), CLICK),
            Impression("four", "4.decay.c", (0,), CLICK),
        ]
    )

    assert effects.clicks == {Variant.CONTROL: 3, Variant.TREATMENT: 3}
    assert effects.preferring == {Variant.CONTROL: 1, Variant.TREATMENT: 1}
    assert (effects.undecided, effects.strays, effects.shoppers) == (1, 1, 3)


def test_a_better_ranking_wins_the_clicks_of_interleaved_answers(tmp_path: Path) -> None:
    effects = interleaved_effects(interleaved_impressions(treatment_share=0.6))

    assert effects.treatment_share is not None
    assert effects.treatment_share.holds(0.6)
    assert effects.treatment_share.low > 0.5
    assert effects.treatment_preferred is not None
    assert effects.treatment_preferred.low > 0.5
    assert "shoppers who prefer it" in printed(effects)
    draw(effects, tmp_path / "interleaved.png")
    assert (tmp_path / "interleaved.png").stat().st_size > 0


def test_alike_rankings_share_the_clicks_of_interleaved_answers() -> None:
    effects = interleaved_effects(interleaved_impressions(treatment_share=0.5))

    assert effects.treatment_share is not None
    assert effects.treatment_share.holds(0.5)
    assert effects.treatment_preferred is not None
    assert effects.treatment_preferred.holds(0.5)


def test_the_table_says_what_changed_in_percentage_points() -> None:
    text = printed(ab_effects(ab_impressions(control=0.2, treatment=0.3)))

    assert "Experiment decay (ab)" in text
    assert "+9." in text or "+10." in text or "+11." in text
    assert "95% interval" in text
