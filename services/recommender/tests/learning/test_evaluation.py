"""Evaluation on a clickstream in the public data set's shape."""

import csv
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from recommender.__main__ import main

COLUMNS = [
    "year",
    "month",
    "day",
    "order",
    "country",
    "session ID",
    "page 1 (main category)",
    "page 2 (clothing model)",
    "colour",
    "location",
    "model photography",
    "price",
    "price 2",
    "page",
]


@pytest.fixture
def clicks(tmp_path: Path) -> Path:
    """Return a month of visits that each walk along a shelf of 60 products."""
    random = Random(3)
    path = tmp_path / "clicks.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(COLUMNS)
        for session in range(300):
            first = random.randrange(55)
            for order in range(1, 6):
                product = first + order
                visit = [2008, 4, 1 + session // 10, order, 29, session]
                look = [product % 14, product % 6, product % 2, 20 + product, 1, product % 5]
                writer.writerow([*visit, product % 4, f"A{product:02}", *look])
    return path


def test_the_command_compares_neighbours_with_trending(clicks: Path) -> None:
    done = CliRunner().invoke(main, ["evaluate", "--clicks", str(clicks)])

    assert done.exit_code == 0, done.output
    rates = {
        line.split()[0]: float(line.split()[4].removesuffix("%,"))
        for line in done.output.splitlines()
    }
    assert rates["neighbours"] > 2 * rates["trending"]
