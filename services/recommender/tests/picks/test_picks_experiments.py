"""GET /recommendations while an experiment runs."""

from typing import Any

import pytest
from services.recommender.tests.picks.api import ids_of, serving

from infra.local.database import Database
from recommender.settings import ApiSettings, Experiment, ExperimentMode

pytestmark = pytest.mark.servers

VISITOR = "/recommendations/anon-1?limit=6"


@pytest.fixture
def settings_with(api_settings: ApiSettings) -> Any:
    """Return a maker of settings with an experiment that puts a new product first."""

    def make(mode: ExperimentMode) -> ApiSettings:
        changes = {"new_product_rank": 1}
        tried = Experiment(name="newfirst", mode=mode, share=1.0, changes=changes)
        return api_settings.model_copy(update={"experiment": tried})

    return make


async def answer_by(settings: ApiSettings, path: str = VISITOR) -> Any:
    async with serving(settings) as api:
        return await api.get(path)


async def test_without_an_experiment_the_answer_bears_a_plain_id(
    catalogue: Database, in_use: None, api_settings: ApiSettings
) -> None:
    answer = await answer_by(api_settings)

    assert "." not in answer.json()["recommendation_id"]


async def test_the_treated_see_their_ranking_and_the_answer_says_so(
    catalogue: Database,
    in_use: None,
    fold_events: Any,
    event: Any,
    api_settings: ApiSettings,
    settings_with: Any,
) -> None:
    fold_events(event(5, shopper="anon-1"))

    treated = await answer_by(settings_with(ExperimentMode.AB))
    control = await answer_by(api_settings)

    assert treated.json()["recommendation_id"].endswith(".newfirst.t")
    assert treated.json()["items"][0]["source"] == "newest"
    assert ids_of(treated)[1:] == ids_of(control)[:5]


async def test_interleaved_picks_come_from_both_and_the_id_tells_which(
    catalogue: Database,
    in_use: None,
    fold_events: Any,
    event: Any,
    api_settings: ApiSettings,
    settings_with: Any,
) -> None:
    fold_events(event(5, shopper="anon-1"))

    mixed = await answer_by(settings_with(ExperimentMode.INTERLEAVE))
    control = await answer_by(api_settings)

    _, name, teams = mixed.json()["recommendation_id"].split(".")
    assert (name, teams[0]) == ("newfirst", "i")
    assert len(set(ids_of(mixed))) == 6
    places = int(teams[1:], 16)
    of_control = [one for place, one in enumerate(ids_of(mixed)) if not places >> place & 1]
    assert set(of_control) <= set(ids_of(control))
