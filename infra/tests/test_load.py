"""The load test's command: what it refuses, and which exit code says so."""

from pathlib import Path

import pytest

from infra.load.__main__ import main
from infra.load.settings import LoadSettings


def test_more_visits_than_the_limit_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rate", "1000", "--minutes", "60"]) == 2
    assert "LOADTEST_MOST_VISITS" in capsys.readouterr().out


def test_a_rate_of_nothing_is_refused() -> None:
    assert main(["--rate", "0"]) == 2


def test_objectives_that_are_not_there_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--slo", str(tmp_path / "none.toml")]) == 2
    assert "objectives" in capsys.readouterr().out


def test_a_shop_elsewhere_is_not_visited_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--storefront", "http://shop.example"]) == 2
    assert "shop.example" in capsys.readouterr().out


def test_a_shop_that_does_not_answer_is_no_load_test() -> None:
    assert main(["--storefront", "http://127.0.0.1:9"]) == 2


def test_what_goes_wrong_on_the_shoppers_side_is_set_by_shares() -> None:
    mischief = LoadSettings(malformed_share=0.5, dropped_share=0.25).mischief
    assert (mischief.malformed_share, mischief.dropped_share) == (0.5, 0.25)
