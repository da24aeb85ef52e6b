"""The load test's command: what it refuses, and which exit code says so."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import infra.load.__main__ as load
from infra.load.__main__ import main, objectives_of
from infra.load.settings import LoadSettings
from infra.local.settings import LocalSettings
from loadtest.slo import DEFAULT_FILE
from loadtest.testing import FakeShop, served


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


def test_the_people_are_those_of_the_shops_past_unless_a_seed_is_given() -> None:
    assert LoadSettings().people_seed == LocalSettings().seed
    assert LoadSettings(seed=7).people_seed == 7


def test_in_a_sale_nothing_is_promised_of_what_nobody_asks_then() -> None:
    ever = {each.path for each in objectives_of(LoadSettings(), DEFAULT_FILE)}
    in_a_sale = {each.path for each in objectives_of(LoadSettings(sale_products=3), DEFAULT_FILE)}
    assert {path[1] for path in ever - in_a_sale} == {
        "GET /products",
        "GET /recommendations/{user_id}",
    }
    assert ("endpoints", "GET /products/{id}", "p99_ms") in in_a_sale


@pytest.fixture
def shop() -> Iterator[str]:
    """The address of a small shop that runs already."""
    kinds = [("Topwear", "Red"), ("Shoes", "Blue")]
    rows = [
        {
            "id": number,
            "gender": "Unisex",
            "master_category": "Apparel",
            "sub_category": kinds[number % 2][0],
            "article_type": "Shirts",
            "base_colour": kinds[number % 2][1],
            "price": "99.00",
            "currency": "INR",
        }
        for number in range(1001, 1061)
    ]
    with served(FakeShop(rows)) as url:
        yield url


@pytest.mark.parametrize(("limit", "code"), [(0, 0), (-1, 1)], ids=["kept", "missed"])
def test_the_last_line_compares_rates_and_the_exit_code_is_the_verdict(
    limit: int,
    code: int,
    shop: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(load, "RESULTS", tmp_path)
    monkeypatch.setenv("LOADTEST_THINK_SCALE", "0")
    objectives = tmp_path / "slo.toml"
    objectives.write_text(f"[figures]\nerror_share = {limit}\nevents_lost = 0\n")
    where = ["--storefront", shop, "--recommender", shop, "--slo", str(objectives)]
    assert main([*where, "--rate", "10", "--minutes", "0.02", "--shoppers", "5"]) == code
    name, _, figures = capsys.readouterr().out.splitlines()[-1].partition(" ")
    line = json.loads(figures)
    assert name == "LOADTEST"
    assert (line["rate"], line["kept"]) == (10, code == 0)
    assert {
        "visits_offered_per_second", "visits_ended_per_second", "requests_offered_per_second",
        "requests_answered_per_second", "p50_ms", "p99_ms", "error_share", "lateness_p99_ms",
    } < set(line)  # fmt: skip
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["throughput"]["p99_ms"] == line["p99_ms"]
    # The books of a shop that runs already are not looked into.
    assert [each["what"] for each in report["objectives"]] == ["error share"]
