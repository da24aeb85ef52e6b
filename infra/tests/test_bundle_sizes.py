"""The recommender's Lambda stays small: few distributions, and none of the heavy ones."""

import re
from importlib.metadata import distribution
from pathlib import Path

from infra.local.bundles import RECOMMENDER

LIMIT_BYTES = 30_000_000
NOT_IN_THE_BUNDLE = {"boto3", "botocore", "duckdb", "fastapi", "numpy", "sqlalchemy", "uvloop"}


def named_distributions() -> set[str]:
    """Return what the bundle's requirements name; a test of the zip itself takes a build."""
    return set(re.findall(r"^([a-z0-9-]+)==", RECOMMENDER.requirements.read_text(), re.M))


def installed_bytes(name: str) -> int:
    paths = [Path(str(file.locate())) for file in distribution(name).files or []]
    return sum(map(size_of, paths))


def size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() and "__pycache__" not in path.parts else 0


def test_the_recommenders_lambda_unpacks_to_less_than_30_mb() -> None:
    code = sum(size_of(file) for source in RECOMMENDER.sources for file in source.rglob("*"))

    assert code + sum(map(installed_bytes, named_distributions())) < LIMIT_BYTES


def test_the_recommenders_lambda_has_none_of_the_heavy_libraries() -> None:
    names = named_distributions()

    assert "pydantic-core" in names
    assert names.isdisjoint(NOT_IN_THE_BUNDLE)
