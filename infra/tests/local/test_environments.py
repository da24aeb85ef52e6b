"""What each process is told: what it needs, and nothing that is not set."""

from pathlib import Path

import pytest

from infra.local.environments import DatabaseUrls, Environments
from infra.local.keys import Keys
from infra.local.resources import Resources
from infra.local.settings import LocalSettings

EXPERIMENT = '{"name": "decay", "changes": {"anchor_decay": 0.3}}'


@pytest.mark.servers
@pytest.mark.parametrize("experiment", [None, EXPERIMENT])
def test_the_recommender_is_told_of_an_experiment_if_there_is_one(
    resources: Resources, tmp_path: Path, experiment: str | None
) -> None:
    environments = Environments(
        settings=LocalSettings(recommender_experiment=experiment),
        aws={},
        urls=DatabaseUrls("owner", "storefront", "recommender", "exporter"),
        resources=resources,
        keys=Keys.in_folder(tmp_path),
        folder=tmp_path,
        overrides={},
    )

    assert environments.recommender().get("RECOMMENDER_EXPERIMENT") == experiment
