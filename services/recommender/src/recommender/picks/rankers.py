"""The ranker of the moment: the model in use and the trends, renewed while the process runs."""

from collections.abc import Sequence

from fashion_contracts.picks import Pick, Shopper
from recommender.model.artefact import Model
from recommender.model.layers import layered
from recommender.model.repository import CURRENT, DELTA, ModelRepository
from recommender.picks.ranking import Ranker
from recommender.refreshing import Refreshing
from recommender.settings import RankingSettings, StoreSettings
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import Trends


class Rankers:
    """Keeps the model and the trends fresh, and ranks by them. Works without either."""

    def __init__(
        self,
        settings: RankingSettings,
        model: Refreshing[Model | None],
        delta: Refreshing[Model | None],
        trends: Refreshing[Trends],
    ) -> None:
        self._settings = settings
        self.model = model
        self.delta = delta
        self.trends = trends

    def refresh_if_due(self) -> None:
        """Look for a newer model and newer trends, unless that was done a moment ago."""
        self.model.refresh_if_due()
        self.delta.refresh_if_due()
        self.trends.refresh_if_due()

    def current(self, newest: Sequence[int] = ()) -> Ranker:
        """Return the ranker by the model and trends at hand."""
        model = layered(self.model.value, self.delta.value, self._settings.delta_weight)
        return Ranker(self._settings, model, self.trends.value, newest)

    def rank(self, shopper: Shopper) -> tuple[tuple[Pick, ...], str | None]:
        """Return the shopper's picks, and the version of the model that ranked them."""
        ranker = self.current()
        return ranker.rank(shopper), ranker.version


def make_rankers(
    ranking: RankingSettings,
    stores: StoreSettings,
    models: ModelRepository,
    trends: TrendsRepository,
) -> Rankers:
    """Return rankers that read the model and the trends from their stores."""
    no_model: Model | None = None
    return Rankers(
        ranking,
        Refreshing(
            "model",
            lambda known: models.newer_than(known, CURRENT),
            no_model,
            every=stores.model_refresh,
        ),
        Refreshing(
            "delta",
            lambda known: models.newer_than(known, DELTA),
            no_model,
            every=stores.model_refresh,
        ),
        Refreshing("trends", lambda _: trends.read(), Trends(), every=stores.model_refresh),
    )
