"""What a load test is held to, and the page that says so."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.page import LoadReport, Promise, page_of
from loadtest.reports import CrowdReport, VisitReport
from loadtest.slo import DEFAULT_FILE, ObjectivesError, judge, read_objectives
from loadtest.uplift import VisitOutcome, uplift


def figures() -> dict[str, object]:
    report = VisitReport(visits=3)
    for milliseconds in (10.0, 20.0, 400.0):
        report.milliseconds["POST /events"].append(milliseconds)
        report.milliseconds_at[100].append(milliseconds)
    report.statuses["POST /events 202"] = 3
    report.lateness_ms = [1.0, 2.0]
    return CrowdReport(2.0, 3, report).to_dict()


class TestObjectives:
    def test_those_of_the_shop_are_read_and_each_names_a_figure_of_the_report(self) -> None:
        objectives = read_objectives()
        of_a_shop_of_our_own = {
            "click_to_pick_p95_ms", "broken_promises", "malformed_events_not_kept",
            "oversold_units", "purchases_lost_or_doubled", "events_lost", "events_doubled",
        }  # fmt: skip
        names = {each.path[0] for each in objectives} - of_a_shop_of_our_own
        assert names <= set(figures())
        assert len(objectives) > 10

    def test_a_figure_within_its_limit_is_kept_and_one_above_is_not(self, tmp_path: Path) -> None:
        file = tmp_path / "slo.toml"
        file.write_text('[endpoints."POST /events"]\np50_ms = 20\np99_ms = 399\n')
        kept = [each.is_kept for each in judge(read_objectives(file), figures())]
        assert kept == [True, False]

    def test_what_was_not_measured_is_not_kept(self, tmp_path: Path) -> None:
        file = tmp_path / "slo.toml"
        file.write_text('[endpoints."POST /purchases"]\np50_ms = 20\n')
        (judged,) = judge(read_objectives(file), figures())
        assert (judged.measured, judged.is_kept) == (None, False)

    @pytest.mark.parametrize("text", ["p99 = ", "", "[figures]\n"])
    def test_a_file_of_no_objectives_is_refused(self, text: str, tmp_path: Path) -> None:
        file = tmp_path / "slo.toml"
        file.write_text(text)
        with pytest.raises(ObjectivesError):
            read_objectives(file)

    def test_a_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ObjectivesError, match=r"nowhere\.toml"):
            read_objectives(tmp_path / "nowhere.toml")


SHOWN = VisitOutcome(is_control=False, came_to_look=True, could_buy=True, carts=1, purchases=1)
CONTROL = replace(SHOWN, is_control=True)


class TestUplift:
    def test_without_a_control_group_there_is_none(self) -> None:
        assert uplift([SHOWN]) == {}

    @pytest.mark.parametrize("missing", ["came_to_look", "could_buy"])
    def test_nor_where_no_visit_of_it_came_to_look_or_could_buy(self, missing: str) -> None:
        assert uplift([SHOWN, replace(CONTROL, **{missing: False})]) == {}

    def test_who_never_came_to_look_or_could_not_buy_is_told_and_not_compared(self) -> None:
        outcomes = [
            replace(SHOWN, purchases=0),
            replace(SHOWN, came_to_look=False),
            replace(CONTROL, carts=0, purchases=0),
            CONTROL,
            replace(CONTROL, could_buy=False, carts=0),
        ]
        found = uplift(outcomes)
        assert found["groups"] == {
            "shown": {"visits": 2, "came_to_look": 1, "compared": 1},
            "control": {"visits": 3, "came_to_look": 3, "compared": 2},
        }
        carts = found["differences"]["carts"]
        assert (carts["share_shown"], carts["share_control"]) == (1.0, 0.5)

    def test_the_bounds_are_those_of_the_published_example(self) -> None:
        # Newcombe, Statistics in Medicine 17 (1998), table II, method 10: 56/70 and 48/80.
        shown = [replace(SHOWN, purchases=int(n < 56)) for n in range(70)]
        control = [replace(CONTROL, purchases=int(n < 48)) for n in range(80)]
        found = uplift([*shown, *control])["differences"]["purchases"]
        assert found["difference"] == pytest.approx(0.2)
        assert (found["low"], found["high"]) == pytest.approx((0.0524, 0.3339), abs=0.0001)

    @given(st.lists(st.builds(VisitOutcome, *[st.booleans()] * 3, *[st.integers(0, 3)] * 2)))
    def test_the_difference_lies_within_its_bounds(self, outcomes: list[VisitOutcome]) -> None:
        for found in uplift(outcomes).get("differences", {}).values():
            assert -1 <= found["low"] <= found["difference"] <= found["high"] <= 1


class TestPage:
    def test_it_says_what_was_missed_and_needs_nothing_from_elsewhere(self) -> None:
        promise = Promise("units <sold> = units moved", "3", "4", holds=False)
        measured = figures()
        report = LoadReport(
            "3 visits a second", measured, judge(read_objectives(DEFAULT_FILE), measured), [promise]
        )
        page = page_of(report)
        assert not report.is_kept
        assert "Not everything was kept" in page
        assert "units &lt;sold&gt; = units moved" in page
        assert page.count("<svg") == 3
        assert "http://" not in page.replace("http://www.w3.org", "")

    def test_a_report_of_kept_objectives_and_promises_is_kept(self) -> None:
        promise = Promise("revenue", "3", "3", holds=True)
        report = LoadReport("", figures(), [], [promise])
        assert report.is_kept
        assert report.to_dict()["kept"] is True

    def test_with_a_control_group_it_shows_what_recommendations_change(self) -> None:
        found = uplift([SHOWN, SHOWN, CONTROL, replace(CONTROL, carts=0)])
        page = page_of(LoadReport("", {**figures(), "uplift": found}, [], []))
        assert "2 and 2 were logged in" in page
        assert '<td class="number">100.0 %</td><td class="number">50.0 %</td>' in page
        assert page.count("<svg") == 4
