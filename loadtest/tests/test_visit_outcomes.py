"""What a visit's report says of carts, repeated purchases, and people who come back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import pytest

from loadtest.crowd import CrowdConfig, run_crowd
from loadtest.habits import HABITS
from loadtest.history import HistoryConfig, draw_history
from loadtest.personas import browser_id_of, make_persona, tastes_of
from loadtest.reports import CrowdReport, VisitReport
from loadtest.returns import Acquaintance, Acquaintances
from loadtest.shelf import Shelf
from loadtest.shopper import Shopper
from loadtest.testing import FakeShop, Fault, answer_lost, busy
from loadtest.visit import Surroundings, perform_visit

ONE_BUY = replace(
    HABITS,
    one_click_share=1.0,
    add_to_cart_share=9.0,
    remove_share=0.0,
    checkout_share=9.0,
    buy_share=1.0,
)
LOOKING = replace(HABITS, one_click_share=0.0, short_share=0.0, look_at_picks_share=1.0)


async def visit(shopper: Shopper, around: Surroundings, seed: int = 1) -> VisitReport:
    return await perform_visit(shopper, Random(seed), around)


@pytest.fixture(scope="module")
def records(shelf: Shelf) -> list[dict[str, Any]]:
    config = HistoryConfig(end=datetime(2026, 3, 1, tzinfo=UTC), sessions=300, seed=5)
    return [*draw_history(shelf, config)]


class TestCarts:
    async def test_who_buys_has_filled_a_cart_and_not_abandoned_it(
        self, shopper: Shopper, around: Surroundings
    ) -> None:
        report = await visit(shopper, replace(around, habits=ONE_BUY))
        assert (report.filled_carts, report.abandoned_carts) == (1, 0)

    async def test_who_leaves_with_a_full_cart_has_abandoned_it(
        self, shopper: Shopper, around: Surroundings
    ) -> None:
        leaving = replace(around, habits=replace(ONE_BUY, checkout_share=0.0))
        report = await visit(shopper, leaving)
        assert (report.filled_carts, report.abandoned_carts) == (1, 1)

    async def test_who_only_looks_has_no_cart(self, shopper: Shopper, around: Surroundings) -> None:
        looking = replace(around, habits=replace(HABITS, add_to_cart_share=0.0))
        report = await visit(shopper, looking)
        assert (report.filled_carts, report.abandoned_carts) == (0, 0)

    async def test_carts_add_up(self, shopper: Shopper, around: Surroundings) -> None:
        total = VisitReport()
        for share in (0.0, 9.0, 0.0):
            habits = replace(ONE_BUY, checkout_share=share)
            total.add(await visit(shopper, replace(around, habits=habits)))
        assert (total.filled_carts, total.abandoned_carts) == (3, 2)
        assert total.to_dict()["abandoned_carts"] == 2


class TestRepeatedPurchases:
    @pytest.mark.parametrize(
        ("faults", "told"),
        [
            ([answer_lost], {"replayed": 1}),
            ([busy], {"first answer": 1}),
            ([answer_lost] * 5, {"no answer": 1}),
            ([], {}),
        ],
        ids=["decided before", "decided now", "never told", "sent once"],
    )
    async def test_the_report_tells_how_they_were_answered(
        self,
        shop: FakeShop,
        shopper: Shopper,
        around: Surroundings,
        faults: Sequence[Fault],
        told: dict[str, int],
    ) -> None:
        shop.fail("POST /purchases", *faults)
        report = await visit(shopper, replace(around, habits=ONE_BUY))
        assert dict(report.repeated_purchases) == told


class TestReturns:
    def test_a_visitor_is_new_once(self) -> None:
        known = Acquaintances()
        kinds = [known.greet("a", had_account=False) for _ in range(2)]
        assert kinds == [Acquaintance.NEW, Acquaintance.THIS_RUN]

    def test_a_browser_or_an_account_of_an_earlier_day_is_no_new_one(self) -> None:
        known = Acquaintances(frozenset({"anon-a"}))
        assert known.greet("anon-a", had_account=False) is Acquaintance.BEFORE
        assert known.greet("b", had_account=True) is Acquaintance.BEFORE
        assert known.greet("anon-a", had_account=False) is Acquaintance.THIS_RUN

    async def test_an_account_of_an_earlier_run_is_told_from_one_of_this(
        self, shopper: Shopper, around: Surroundings
    ) -> None:
        first = await visit(shopper, around)
        again = await visit(shopper, around)
        later_run = replace(around, acquaintances=Acquaintances())
        later = await visit(Shopper(shopper.persona), later_run)
        kinds = [[*report.acquaintances] for report in (first, again, later)]
        assert kinds == [["new"], ["this_run"], ["before"]]

    async def test_who_registers_again_after_a_lost_answer_is_still_new(
        self, shop: FakeShop, shopper: Shopper, around: Surroundings
    ) -> None:
        shop.fail("POST /users", answer_lost)
        report = await visit(shopper, around)
        assert dict(report.acquaintances) == {"new": 1}

    @pytest.mark.parametrize(
        ("at_home", "first", "second"),
        [(1.0, "trending", "earlier_visit"), (0.0, "this_visit", "this_visit")],
    )
    async def test_the_first_look_tells_where_its_picks_came_from(
        self, shopper: Shopper, around: Surroundings, at_home: float, first: str, second: str
    ) -> None:
        looking = replace(around, habits=replace(LOOKING, look_at_home_share=at_home))
        total = await visit(shopper, looking, seed=4)
        assert total.picks_shown > 1
        total.add(await visit(shopper, looking, seed=4))
        returns = total.to_dict()["returns"]
        assert returns["new"] == {"visits": 1, "first_looks": 1, "first_picks": {first: 12}}
        assert returns["this_run"]["first_picks"] == {second: 12}

    async def test_whom_the_shop_remembers_was_there_before(
        self, shopper: Shopper, around: Surroundings
    ) -> None:
        looking = replace(around, habits=replace(LOOKING, look_at_home_share=1.0))
        total = VisitReport()
        for _ in range(2):
            # A run that knows nobody.
            alone = replace(looking, acquaintances=Acquaintances())
            total.add(await perform_visit(shopper, Random(1), alone, is_anonymous=True))
        visits = {known: each["visits"] for known, each in total.to_dict()["returns"].items()}
        assert visits == {"new": 1, "this_run": 0, "before": 1}


class TestControlGroup:
    async def test_whether_a_visit_comes_to_look_does_not_depend_on_its_group(
        self, shopper: Shopper, around: Surroundings
    ) -> None:
        looked = {
            is_control: [
                (await visit(shopper, replace(around, is_control=is_control), seed)).outcomes[0]
                for seed in range(30)
            ]
            for is_control in (False, True)
        }
        shown, control = ([each.came_to_look for each in group] for group in looked.values())
        assert shown == control
        assert 0 < sum(shown) < 30

    @pytest.mark.parametrize("is_anonymous", [True, False])
    async def test_only_who_is_logged_in_could_buy(
        self, shopper: Shopper, around: Surroundings, is_anonymous: bool
    ) -> None:
        report = await perform_visit(shopper, Random(1), around, is_anonymous=is_anonymous)
        assert report.outcomes[0].could_buy is not is_anonymous

    async def test_only_what_happens_from_the_look_on_is_counted(
        self, shopper: Shopper, around: Surroundings
    ) -> None:
        buying = replace(LOOKING, look_at_home_share=0.0, add_to_cart_share=9.0)
        report = await visit(shopper, replace(around, habits=buying))
        # The first product went into the cart before the person came to look.
        assert report.outcomes[0].carts == report.steps["add_to_cart"] - 1 > 0


class TestWrittenPast:
    def test_its_browsers_are_those_of_the_live_people(
        self, shelf: Shelf, records: list[dict[str, Any]]
    ) -> None:
        live = {make_persona(5, number, shelf.market).browser_id for number in range(300)}
        browsers = {r["anonymous_id"] for r in records if "anonymous_id" in r}
        assert len(browsers) > 20
        assert browsers <= live

    def test_people_look_for_the_same_there_as_live(
        self, shelf: Shelf, records: list[dict[str, Any]]
    ) -> None:
        people = {browser_id_of(5, number): number for number in range(300)}
        for record in records:
            product = shelf.get(record.get("product_id", 0))
            if "anonymous_id" not in record or product is None:
                continue
            tastes = tastes_of(5, people[record["anonymous_id"]], shelf.market)
            assert product.gender in tastes.genders
            assert tastes == make_persona(5, people[record["anonymous_id"]], shelf.market).tastes

    async def test_a_browser_with_a_past_is_no_new_one(
        self, addresses: tuple[str, str], transport: httpx.MockTransport
    ) -> None:
        config = CrowdConfig(
            storefront=addresses[0],
            shoppers=3,
            rate=20.0,
            seconds=1.0,
            think_scale=0.0,
            anonymous_share=1.0,
            known_browsers=frozenset({browser_id_of(1, 0)}),
        )
        report = await run_crowd(config, transport=transport)
        assert report.total.acquaintances["before"] == 1
        assert report.total.acquaintances["new"] == 2
        assert report.total.acquaintances["this_run"] == report.total.visits - 3


class TestThroughput:
    def test_what_ends_after_people_have_stopped_coming_is_offered_but_not_kept_up_with(
        self,
    ) -> None:
        total = VisitReport()
        for began, ended in ((100.2, 100.3), (101.0, 101.5), (101.9, 109.0)):
            total.note_wait("GET /products", began, ended)
        total.begun_at.update([100, 101])
        total.ended_at.update([101, 109])
        figures = CrowdReport(9.0, 2, total, origin=100.1, arriving_seconds=2.0).throughput()
        assert figures["requests_offered_per_second"] == 1.5
        assert figures["requests_answered_per_second"] == 1.0
        assert figures["visits_offered_per_second"] == 1.0
        assert figures["visits_ended_per_second"] == 0.5
        assert figures["p50_ms"] == 500.0
