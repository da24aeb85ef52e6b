"""The command over the real landing zone: events in, a table, figures and a picture out."""

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from fashion_contracts.events import EventType, Interaction
from fashion_contracts.landing import hour_prefix
from fashion_kit.clock import utc_now
from infra.local.resources import Resources
from recommender.__main__ import main
from recommender.experiments.assignment import Variant, variant_of
from recommender.settings import Experiment

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.servers

EXPERIMENT = Experiment(name="decay", changes={"anchor_decay": 0.3})


@pytest.fixture
def told(stores: Resources, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Tell the command where everything is."""
    for name in (
        "shoppers_table",
        "trends_table",
        "models_table",
        "model_bucket",
        "landing_bucket",
    ):
        monkeypatch.setenv(f"RECOMMENDER_{name.upper()}", getattr(stores, name))
    monkeypatch.setenv("RECOMMENDER_DATABASE_URL", "mysql+pymysql://nobody@127.0.0.1/none")
    monkeypatch.setenv("RECOMMENDER_EXPERIMENT", EXPERIMENT.model_dump_json())
    return monkeypatch


def visits(event: Callable[..., Interaction]) -> Iterable[Interaction]:
    """Yield picks shown to 60 shoppers; those of treatment click and buy every other time."""
    now = utc_now()
    for number in range(60):
        shopper = f"shopper-{number}"
        variant = variant_of(EXPERIMENT, shopper)
        told = {"shopper": shopper, "at": now, "recommendation_id": f"{number}.decay.{variant[0]}"}
        yield event(None, EventType.LIST_VIEW, **told)
        if number % (2 if variant is Variant.TREATMENT else 5) == 0:
            yield event(3, EventType.LIST_CLICK, **told)
            yield event(3, EventType.PURCHASE, shopper=shopper, at=now)


def test_the_effects_are_told_written_and_drawn(
    told: pytest.MonkeyPatch,
    stores: Resources,
    s3: "S3Client",
    event: Callable[..., Interaction],
    tmp_path: Path,
) -> None:
    lines = b"".join(e.to_record() for e in visits(event))
    key = hour_prefix(utc_now()) + "stream-1.gz"
    s3.put_object(Bucket=stores.landing_bucket, Key=key, Body=gzip.compress(lines))

    result = CliRunner().invoke(main, ["experiment", "--folder", str(tmp_path), "--days", "1"])

    assert result.exit_code == 0, result.output
    assert "60 impressions" in result.output
    figures = json.loads((tmp_path / "decay.json").read_text())
    clicks, _, purchases = figures["effects"]
    assert clicks["treatment"] == purchases["treatment"] > purchases["control"] > 0
    assert sum(figures["shoppers"].values()) == 60
    assert (tmp_path / "decay.png").stat().st_size > 0


def test_without_an_experiment_the_command_says_so(told: pytest.MonkeyPatch) -> None:
    told.delenv("RECOMMENDER_EXPERIMENT")

    result = CliRunner().invoke(main, ["experiment"])

    assert result.exit_code == 1
    assert "There is no experiment" in result.output
