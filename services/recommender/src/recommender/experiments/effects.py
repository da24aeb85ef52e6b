"""From impressions to effects: who counts, and what is set against what."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from recommender.experiments.assignment import Variant, variant_of
from recommender.experiments.identifiers import ExperimentAnswerId
from recommender.experiments.intervals import (
    difference,
    estimate,
    proportion,
    ratio_of,
    relative_difference,
    share_p_value,
)
from recommender.experiments.schemas import (
    AbEffects,
    Effects,
    Impression,
    InterleavedEffects,
    Outcome,
    OutcomeEffect,
)
from recommender.settings import Experiment, ExperimentMode

_SHOWN: Final = "shown"
Counts = dict[str, Counter[str]]
"""What was counted of each shopper."""


def effects_of(experiment: Experiment, impressions: Iterable[Impression]) -> Effects:
    """Return what the experiment has done so far."""
    if experiment.mode is ExperimentMode.INTERLEAVE:
        return _interleaved(experiment, impressions)
    return _compared(experiment, impressions)


def _compared(experiment: Experiment, impressions: Iterable[Impression]) -> AbEffects:
    counts: dict[Variant, Counts] = {variant: {} for variant in Variant}
    strays = 0
    for impression in impressions:
        answer = ExperimentAnswerId.parse(impression.recommendation_id)
        variant = variant_of(experiment, impression.shopper_id)
        if answer is None or answer.variant is not variant:
            strays += 1
            continue
        shopper = counts[variant].setdefault(impression.shopper_id, Counter())
        shopper.update((_SHOWN, *impression.outcomes))
    shoppers = {variant: len(counted) for variant, counted in counts.items()}
    return AbEffects(
        name=experiment.name,
        shoppers=shoppers,
        impressions={
            variant: sum(shopper[_SHOWN] for shopper in counted.values())
            for variant, counted in counts.items()
        },
        strays=strays,
        share_p_value=share_p_value(
            shoppers[Variant.TREATMENT], shoppers[Variant.CONTROL], experiment.share
        ),
        effects=[_effect(outcome, counts) for outcome in Outcome],
    )


def _effect(outcome: Outcome, counts: Mapping[Variant, Counts]) -> OutcomeEffect:
    control, treatment = (
        ratio_of((shopper[outcome], shopper[_SHOWN]) for shopper in counts[variant].values())
        for variant in (Variant.CONTROL, Variant.TREATMENT)
    )
    return OutcomeEffect(
        outcome=outcome,
        control=control.value if control else None,
        treatment=treatment.value if treatment else None,
        difference=difference(treatment, control),
        relative=relative_difference(treatment, control),
    )


def _interleaved(experiment: Experiment, impressions: Iterable[Impression]) -> InterleavedEffects:
    counts: Counts = {}
    strays = 0
    for impression in impressions:
        answer = ExperimentAnswerId.parse(impression.recommendation_id)
        is_in = variant_of(experiment, impression.shopper_id) is Variant.TREATMENT
        if answer is None or answer.variant is not None or not is_in:
            strays += 1
            continue
        shopper = counts.setdefault(impression.shopper_id, Counter())
        shopper.update((_SHOWN, *map(answer.team_at, impression.places)))

    clicks = [(counted[Variant.TREATMENT], counted[Variant.CONTROL]) for counted in counts.values()]
    for_treatment = sum(ours > theirs for ours, theirs in clicks)
    for_control = sum(ours < theirs for ours, theirs in clicks)
    return InterleavedEffects(
        name=experiment.name,
        shoppers=len(counts),
        impressions=sum(counted[_SHOWN] for counted in counts.values()),
        strays=strays,
        clicks={
            Variant.CONTROL: sum(theirs for _, theirs in clicks),
            Variant.TREATMENT: sum(ours for ours, _ in clicks),
        },
        treatment_share=estimate(ratio_of((ours, ours + theirs) for ours, theirs in clicks)),
        preferring={Variant.CONTROL: for_control, Variant.TREATMENT: for_treatment},
        undecided=len(counts) - for_control - for_treatment,
        treatment_preferred=proportion(for_treatment, for_control + for_treatment),
    )
