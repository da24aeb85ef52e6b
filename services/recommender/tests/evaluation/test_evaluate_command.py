"""`recommender evaluate`: table, figures, plot, and settings tried on the validation part."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recommender.__main__ import main

PNG = b"\x89PNG"


def evaluate(*arguments: str | Path) -> Any:
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)], env={"COLUMNS": "80"})


def test_every_method_is_shown_drawn_and_kept(shop_file: Path, tmp_path: Path) -> None:
    done = evaluate(shop_file, "--to", tmp_path)

    assert done.exit_code == 0, done.output
    kept = json.loads((tmp_path / "clothing-2008.json").read_text())
    methods = [result["method"] for result in kept["results"]]
    assert methods == ["popularity", "trending", "item-kNN", "VMIS-kNN", "ours"]
    assert all(method in done.output for method in methods)
    assert "…" not in done.output
    assert (tmp_path / "clothing-2008.png").read_bytes().startswith(PNG)
    assert kept["settings"]["neighbours"] == 50
    assert kept["data"]["predictions"] == 280


def test_ours_is_far_better_than_what_is_trending(shop_file: Path, tmp_path: Path) -> None:
    evaluate(shop_file, "--to", tmp_path, "--validate")

    kept = json.loads((tmp_path / "clothing-2008-validation.json").read_text())
    rates = {
        result["method"]: result["measurement"]["views"]["novel"]["hit_rate"]
        for result in kept["results"]
    }
    assert rates["ours"] > 2 * rates["trending"]


def test_without_times_nothing_is_trending(lists_folder: Path, tmp_path: Path) -> None:
    done = evaluate(lists_folder, "--to", tmp_path)

    assert done.exit_code == 0, done.output
    assert "ours" in done.output
    assert "trending" not in done.output


def test_each_combination_is_tried_best_first(shop_file: Path, tmp_path: Path) -> None:
    tries = ("--try", "backward_weight=0.25,0.5", "--try", "anchor_decay=0.3,0.9")
    done = evaluate(shop_file, "--to", tmp_path / "none", "--validate", *tries)

    assert done.exit_code == 0, done.output
    rows = [line.split() for line in done.output.splitlines() if line.startswith("0.")]
    assert {(row[0], row[1]) for row in rows} == {
        (backward, decay) for backward in ("0.25", "0.5") for decay in ("0.3", "0.9")
    }
    rates = [float(row[2]) for row in rows]
    assert rates == sorted(rates, reverse=True)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--try", "anchor_decay=0.3"),
        ("--validate", "--try", "no_such_setting=1"),
        ("--validate", "--try", "anchor_decay"),
        ("--validate", "--try", "anchor_decay=7"),
    ],
)
def test_what_cannot_be_tried_is_told(shop_file: Path, arguments: tuple[str, ...]) -> None:
    done = evaluate(shop_file, *arguments)

    assert done.exit_code == 2
    assert "Invalid value" in done.output


def test_an_unreadable_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "nothing.csv"
    file.touch()

    done = evaluate(file)

    assert done.exit_code == 1
    assert done.output == "nothing.csv is empty.\n"
