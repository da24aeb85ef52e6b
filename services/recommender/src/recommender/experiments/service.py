"""Which picks a shopper is shown while an experiment runs, and the id that tells of it."""

from collections.abc import Callable, Sequence

from fashion_contracts.picks import Pick
from fashion_kit.ids import IdFactory
from recommender.experiments.assignment import Variant, variant_of
from recommender.experiments.identifiers import ExperimentAnswerId
from recommender.experiments.interleaving import interleave
from recommender.settings import Experiment, ExperimentMode, RankingSettings

Rank = Callable[[RankingSettings], Sequence[Pick]]
"""Ranks one shopper's picks by these settings, as many as are to be shown."""


class ExperimentService:
    """Shows each shopper the ranking of their variant. Without an experiment it ranks by `base`."""

    def __init__(
        self, experiment: Experiment | None, base: RankingSettings, make_id: IdFactory
    ) -> None:
        self._experiment = experiment
        self._base = base
        self._changed = experiment.changed(base) if experiment else base
        self._make_id = make_id

    def arrange(self, shopper_id: str, limit: int, rank: Rank) -> tuple[str, Sequence[Pick]]:
        """Return the answer's id, and its picks.

        `rank` is given the very `base` wherever nothing is changed: stored picks will do there.
        """
        unique = self._make_id()
        experiment = self._experiment
        if experiment is None:
            return unique, rank(self._base)
        variant = variant_of(experiment, shopper_id)
        if experiment.mode is ExperimentMode.AB:
            picks = rank(self.settings_of(shopper_id))
            return str(ExperimentAnswerId(unique, experiment.name, variant)), picks
        if variant is Variant.CONTROL:
            return unique, rank(self._base)
        picks, teams = interleave(rank(self._base), rank(self._changed), limit, seed=unique)
        return str(ExperimentAnswerId(unique, experiment.name, None, teams)), picks

    def settings_of(self, shopper_id: str) -> RankingSettings:
        """Return what the shopper's picks are ranked by; where they are interleaved, the base."""
        experiment = self._experiment
        if experiment is None or experiment.mode is ExperimentMode.INTERLEAVE:
            return self._base
        is_treated = variant_of(experiment, shopper_id) is Variant.TREATMENT
        return self._changed if is_treated else self._base
