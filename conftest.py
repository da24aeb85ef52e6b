"""Gives every room's tests the database and the AWS endpoint."""

import gc

# The package first: its folder has the same name, which pytest would take for it.
import pytest
from hypothesis import HealthCheck, settings

import loadtest  # noqa: F401

pytest_plugins = ["infra.testing"]

# A machine that is busy with something else is no reason to fail; and the fixtures are servers and
# their clients, which the examples of a test share.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("house")


def pytest_collection_finish() -> None:
    """Set aside all that was imported: else each service that a test starts goes through it.

    That took a tenth of the time of the tests that start one.
    """
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make proof` ask for more rounds than every test run has time for."""
    parser.addoption(
        "--proof-rounds", type=int, default=20, help="rounds of the race for the last units"
    )
