"""What each process is told: what it needs, and nothing that is not set."""

from contextlib import suppress
from pathlib import Path

import pytest

from infra.local.environments import DatabaseUrls, Environments
from infra.local.keys import Keys
from infra.local.resources import Resources
from infra.local.settings import LocalSettings, adopted, whole_environment

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


def test_what_a_process_adopts_it_gives_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://before")
    monkeypatch.delenv("AWS_OF_THE_SHOP", raising=False)
    shop = {"AWS_ENDPOINT_URL": "http://shop", "AWS_OF_THE_SHOP": "there"}

    with suppress(ValueError), adopted(shop):
        assert shop.items() <= whole_environment().items()
        raise ValueError("broke")

    assert whole_environment()["AWS_ENDPOINT_URL"] == "http://before"
    assert "AWS_OF_THE_SHOP" not in whole_environment()
