"""One quick fault on a whole shop, and what the page says of it."""

from collections import Counter
from math import inf
from pathlib import Path

import pytest
from rich.console import Console

from infra.demo.reconcile import Check
from infra.faults import report
from infra.faults.__main__ import OVERRIDES
from infra.faults.injections import CannotInjectError, Kill, Struck
from infra.faults.microburst import Microburst
from infra.faults.runner import Faults, Result
from infra.faults.scenarios import SCENARIOS, Scenario
from infra.faults.settings import FaultsSettings
from infra.faults.shop import GatedShop
from infra.local.aws_endpoint import AwsAddress, AwsEndpoint
from infra.local.progress import Steps
from infra.local.settings import LocalSettings
from infra.local.stack import Stack, StackConfig

KILL = Scenario("kill", "the relay killed", Kill("relay", times=1, down_seconds=0.5))


class Impossible:
    def inject(self, shop: GatedShop) -> Struck:
        raise CannotInjectError("no")


class Breaking:
    def inject(self, shop: GatedShop) -> Struck:
        raise ValueError("broke")


def result_of(recovery: float, *checks: Check, not_run: str = "") -> Result:
    return Result(KILL, Counter({"kill -9": 2}), recovery, "9 events", checks, not_run=not_run)


@pytest.mark.servers
def test_a_shop_whose_relay_is_killed_loses_nothing(tmp_path: Path) -> None:
    small = LocalSettings(products=300, history_sessions=300, loaded_days=0)
    settings = FaultsSettings(shoppers=10, seconds=5, lead_seconds=1)
    steps = Steps(Console(quiet=True))
    with Stack(StackConfig(tmp_path / "shop", small, overrides=OVERRIDES), steps) as stack:
        shop = GatedShop(stack, settings)
        with shop.behind_gates():
            faults = Faults(shop, steps, settings)
            killed, impossible, breaking = (
                faults.run(KILL),
                faults.run(Scenario("impossible", "", Impossible())),
                faults.run(Scenario("breaking", "", Breaking())),
            )
    assert killed.broken == []
    assert killed.struck == {"kill -9": 1}
    assert impossible.not_run == "no"
    assert impossible.holds
    assert not breaking.holds


@pytest.mark.servers
def test_microburst_fails_by_its_rules_and_says_how_often(aws: AwsEndpoint, tmp_path: Path) -> None:
    burst = Microburst("http", aws.port, tmp_path)
    try:
        error = {"code": "ProvisionedThroughputExceededException"}
        burst.start([{"service": "dynamodb", "times": 1, "error": error}])
        AwsAddress(f"http://127.0.0.1:{burst.port}").client("dynamodb").list_tables()
        assert burst.fired() == {"error": 1}
    finally:
        burst.stop()


def test_names_are_for_one_scenario_each() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


class TestReport:
    def row_of(self, page: Path, result: Result) -> str:
        report.write(page, [result], ["kill"])
        return page.read_text().splitlines()[-1]

    @pytest.mark.parametrize(
        ("result", "row"),
        [
            (result_of(1.25), "2 kill -9 | 9 events | nothing | 1.2 |"),
            (
                result_of(inf, Check("purchases", 1, 2, holds=False)),
                "2 kill -9 | 9 events | purchases | never |",
            ),
            (result_of(0, not_run="no root"), "not run: no root |  |  |  |"),
        ],
        ids=["well", "lost", "not run"],
    )
    def test_a_row_says_what_was_lost_or_why_it_was_not_run(
        self, tmp_path: Path, result: Result, row: str
    ) -> None:
        found = self.row_of(tmp_path / "page.md", result)
        assert found == f"| kill | the relay killed | {row}"

    def test_a_scenario_that_was_not_run_now_keeps_its_row(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        before = self.row_of(page, result_of(1.25))
        report.write(page, [], ["kill"])
        assert page.read_text().splitlines()[-1] == before
