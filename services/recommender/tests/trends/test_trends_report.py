"""`recommender trends`: what is trending, told to people."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.local.resources import Resources
from recommender.__main__ import main
from recommender.trends.repository import TrendsRepository
from recommender.trends.schemas import Dimension, TrendingValue, Window

pytestmark = pytest.mark.servers

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def tell(stores: Resources, tmp_path: Path) -> Callable[[], Result]:
    """Return what runs the command for the hour."""
    environment = {
        "RECOMMENDER_SHOPPERS_TABLE": stores.shoppers_table,
        "RECOMMENDER_TRENDS_TABLE": stores.trends_table,
        "RECOMMENDER_MODELS_TABLE": stores.models_table,
        "RECOMMENDER_MODEL_BUCKET": stores.model_bucket,
    }
    picture = tmp_path / "made" / "trends.png"
    command = ["trends", "--window", "1h", "--picture", str(picture)]
    return lambda: CliRunner().invoke(main, command, env=environment)


def test_trends_are_told_as_tables_and_as_a_picture(
    tell: Callable[[], Result], trends_repository: TrendsRepository, tmp_path: Path
) -> None:
    windows = {
        (Dimension.ARTICLE_TYPE, Window.HOUR): [
            TrendingValue("Kurtas", 1234.0, 40.0, 31, 4.2),
            TrendingValue("Shirts", 10.0, 20.0, 5, 0.6),
        ],
        (Dimension.BASE_COLOUR, Window.HOUR): [],
    }
    trends_repository.write_windows(windows, at=NOON, until=NOON + timedelta(days=7))

    done = tell()

    assert done.exit_code == 0, done.output
    assert "Article type, 1h until 2026-05-01 12:00 UTC" in done.output
    assert ["Kurtas", "4.20", "1,234", "40", "31"] in [
        line.replace("│", " ").split() for line in done.output.splitlines()
    ]
    assert (tmp_path / "made" / "trends.png").read_bytes().startswith(b"\x89PNG")


def test_before_the_first_count_it_says_so(tell: Callable[[], Result]) -> None:
    done = tell()

    assert done.exit_code == 1
    assert "has not been counted yet" in done.output
