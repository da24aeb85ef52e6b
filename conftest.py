"""Gives every room's tests the database and the AWS endpoint."""

# The package first: its folder has the same name, which pytest would take for it.
import pytest

import loadtest  # noqa: F401

pytest_plugins = ["infra.testing"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make proof` ask for more rounds than every test run has time for."""
    parser.addoption(
        "--proof-rounds", type=int, default=20, help="rounds of the race for the last units"
    )
