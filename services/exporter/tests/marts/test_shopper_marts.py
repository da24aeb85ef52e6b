"""What shoppers did: the answers are worked out by hand beside the events."""

from datetime import date, time, timedelta
from decimal import Decimal
from math import sqrt
from typing import Any

import pytest

from fashion_contracts.marts import (
    CATEGORY_TREND_DAILY,
    FUNNEL_DAILY,
    RECOMMENDATION_EFFECT_DAILY,
)

DAY = date(2026, 3, 8)
BEFORE = DAY - timedelta(days=1)

pytestmark = pytest.mark.servers


def trends(lake: Any, dimension: str) -> dict[str, dict[str, Any]]:
    found = lake.rows(CATEGORY_TREND_DAILY)
    return {
        r["value"]: r for r in found if r["dimension"] == dimension and r["business_day"] == DAY
    }


class TestTrends:
    def test_shares_are_compared_with_those_of_the_days_before(self, lake: Any) -> None:
        lake.sell(1, sub_category="Shoes", base_colour="Red")
        lake.sell(2, sub_category="Bags")
        # Two days before, ten shoppers each: one looks at shoes, nine at bags.
        for past in (BEFORE, DAY - timedelta(days=28)):
            lake.act("s0", "product_view", 1, day=past)
            for number in range(1, 10):
                lake.act(f"s{number}", "product_view", 2, day=past)
        # Today four of five look at shoes, and one of them puts them into the cart.
        for number in range(4):
            lake.act(f"s{number}", "product_view", 1)
        lake.act("s0", "add_to_cart", 1)
        lake.act("s9", "list_click", 2)
        lake.act("s9", "product_view", 1, day=DAY - timedelta(days=29))  # too long ago
        lake.refresh(DAY, only=[CATEGORY_TREND_DAILY])

        shoes, bags = (trends(lake, "sub_category")[name] for name in ("Shoes", "Bags"))
        assert (shoes["interest"], shoes["shoppers"], shoes["usual"]) == (8, 4, 1.0)
        assert (bags["interest"], bags["shoppers"], bags["usual"]) == (1, 1, 9.0)
        # Of 9 today, of 20 before; one view and one value more on either side.
        assert shoes["lift"] == pytest.approx(((8 + 1) / (9 + 2)) / ((2 + 1) / (20 + 2)))
        # 4 of 5 shoppers against 2 of 20, pooled 6 of 25.
        spread = sqrt(6 / 25 * 19 / 25 * (1 / 5 + 1 / 20))
        assert shoes["z_score"] == pytest.approx((4 / 5 - 2 / 20) / spread)
        assert shoes["is_significant"]
        assert bags["z_score"] == pytest.approx(-shoes["z_score"])
        assert trends(lake, "base_colour").keys() == {"Red"}

    def test_few_shoppers_are_never_significant(self, lake: Any) -> None:
        lake.sell(1, season="Summer")
        lake.sell(2, season="Winter")
        for number in range(50):
            lake.act(f"s{number}", "product_view", 2, day=BEFORE)
        lake.act("s1", "product_view", 1)
        lake.act("s2", "product_view", 1)
        lake.refresh(DAY, only=[CATEGORY_TREND_DAILY])

        summer = trends(lake, "season")["Summer"]
        assert summer["z_score"] > 2
        assert not summer["is_significant"]  # the floor of these tests is 3 shoppers

    def test_days_the_lake_lacks_are_no_days_without_interest(self, lake: Any) -> None:
        lake.sell(1, season="Summer")
        for _ in range(6):
            lake.act("ann", "product_view", 1, day=BEFORE)
        lake.act("bob", "search", day=DAY - timedelta(days=2))
        lake.act("ann", "product_view", 1)
        lake.refresh(DAY, only=[CATEGORY_TREND_DAILY])

        assert trends(lake, "season")["Summer"]["usual"] == 3.0  # six in two days, not in 28

    def test_the_first_day_of_a_lake_trends_nowhere(self, lake: Any) -> None:
        lake.sell(1, season="Summer")
        for number in range(9):
            lake.act(f"s{number}", "product_view", 1)
        lake.refresh(DAY, only=[CATEGORY_TREND_DAILY])

        summer = trends(lake, "season")["Summer"]
        assert (summer["usual"], summer["lift"], summer["z_score"]) == (0.0, 1.0, 0.0)
        assert not summer["is_significant"]

    def test_a_day_without_acts_has_no_trends(self, lake: Any) -> None:
        lake.sell(1, season="Summer")
        lake.act("ann", "product_view", 1, day=BEFORE)
        lake.act("ann", "search")
        lake.refresh(DAY, only=[CATEGORY_TREND_DAILY])

        assert trends(lake, "season") == {}

    def test_what_nobody_wants_any_more_has_a_row(self, lake: Any) -> None:
        lake.sell(1, season="Summer")
        lake.sell(2, season="Winter")
        lake.act("ann", "purchase", 2, day=BEFORE)
        lake.act("ann", "product_view", 1)
        lake.refresh(DAY, only=[CATEGORY_TREND_DAILY])

        winter = trends(lake, "season")["Winter"]
        assert (winter["interest"], winter["shoppers"], winter["usual"]) == (0, 0, 6.0)


class TestFunnel:
    def test_each_step_keeps_those_of_the_step_before(self, lake: Any) -> None:
        for shopper in ("ann", "bob", "cid", "dan"):
            lake.act(shopper, "page_view")
        for shopper in ("ann", "bob", "cid"):
            lake.act(shopper, "product_view", 1)
        for shopper in ("ann", "bob", "dan"):  # dan carts what he looked at yesterday
            lake.act(shopper, "add_to_cart", 1)
        lake.act("bob", "begin_checkout")
        lake.act("ann", "purchase", 1)  # the proof of a checkout
        lake.act("eve", "refund", 1)  # the shop's act
        lake.act("ann", "product_view", 1, day=BEFORE)
        lake.refresh(DAY, only=[FUNNEL_DAILY])

        found = [
            (r["step"], r["shoppers"], r["share_of_previous"]) for r in lake.rows(FUNNEL_DAILY)
        ]
        assert found == [
            ("visited", 4, None),
            ("viewed", 3, 0.75),
            ("carted", 2, 2 / 3),
            ("checkout", 2, 1.0),
            ("purchased", 1, 0.5),
        ]
        assert [r["share_of_first"] for r in lake.rows(FUNNEL_DAILY)] == [1.0, 0.75, 0.5, 0.5, 0.25]

    def test_a_day_without_events_has_five_steps_of_nobody(self, lake: Any) -> None:
        lake.refresh(DAY, only=[FUNNEL_DAILY])

        rows = lake.rows(FUNNEL_DAILY)
        assert [row["shoppers"] for row in rows] == [0] * 5
        assert {row["share_of_first"] for row in rows} == {None}


class TestRecommendations:
    def effect(self, lake: Any) -> dict[str, tuple[Any, ...]]:
        lake.refresh(DAY, only=[RECOMMENDATION_EFFECT_DAILY])
        names = ("impressions", "shoppers", "clicks", "carts", "purchases", "revenue")
        return {
            row["list_id"]: (*(row[name] for name in names), row["click_through"])
            for row in lake.rows(RECOMMENDATION_EFFECT_DAILY)
        }

    def shown(self, lake: Any, shopper: str, answer: str, place: str | None = "picks") -> None:
        lake.act(shopper, "list_view", recommendation_id=answer, list_id=place, at=time(9))

    def test_what_follows_from_an_answer_counts_once(self, lake: Any) -> None:
        self.shown(lake, "ann", "R1")
        self.shown(lake, "ann", "R1")  # told twice
        self.shown(lake, "bob", "R2")
        self.shown(lake, "bob", "R3", "cart")
        self.shown(lake, "cid", "R4", None)
        lake.act("ann", "list_click", 1, recommendation_id="R1")
        lake.act("ann", "product_view", 1, recommendation_id="R1")  # the page that click opened
        lake.act("ann", "add_to_cart", 1, at=time(11))
        lake.act("ann", "add_to_cart", 2, at=time(11))  # not one of the picks
        lake.act("bob", "add_to_cart", 3, recommendation_id="R3")  # straight from the list
        lake.buy("ann", (1, 1, "5.00"), (1, 1, "5.00"), (2, 1, "90.00"))
        lake.buy("bob", (3, 1, "7.00"), status="cancelled")

        assert self.effect(lake) == {
            "picks": (2, 2, 1, 1, 1, Decimal("10.00"), 0.5),
            "cart": (1, 1, 0, 1, 0, Decimal(0), 0.0),
            "(unnamed)": (1, 1, 0, 0, 0, Decimal(0), 0.0),
        }

    def test_the_latest_of_two_answers_has_the_purchase(self, lake: Any) -> None:
        self.shown(lake, "ann", "R1")
        self.shown(lake, "ann", "R2", "cart")
        lake.act("ann", "list_click", 1, recommendation_id="R1", at=time(10))
        lake.act("ann", "list_click", 1, recommendation_id="R2", at=time(11))
        lake.act("ann", "add_to_cart", 1, at=time(11, 30))
        lake.buy("ann", (1, 2, "5.00"))

        effect = self.effect(lake)
        assert effect["picks"][2:6] == (1, 0, 0, Decimal(0))
        assert effect["cart"][2:6] == (1, 1, 1, Decimal("10.00"))

    def test_a_purchase_from_two_lists_counts_once_and_each_line_where_it_came_from(
        self, lake: Any
    ) -> None:
        self.shown(lake, "ann", "R1")
        self.shown(lake, "ann", "R2", "cart")
        lake.act("ann", "list_click", 1, recommendation_id="R1", at=time(10))
        lake.act("ann", "list_click", 2, recommendation_id="R2", at=time(11))
        lake.act("ann", "list_click", 3, recommendation_id="R2", at=time(11))
        lake.buy("ann", (1, 1, "5.00"), (2, 1, "7.00"), (3, 1, "1.00"))
        lake.buy("ann", (1, 1, "5.00"))

        effect = self.effect(lake)
        assert effect["picks"][4:6] == (1, Decimal("10.00"))
        assert effect["cart"][4:6] == (1, Decimal("8.00"))

    @pytest.mark.parametrize(
        "fault",
        [
            {"recommendation_id": "R9"},  # an answer that nobody saw
            {"at": time(8)},  # before it was shown
            {"day": BEFORE},
        ],
    )
    def test_what_cannot_follow_from_an_answer_does_not(
        self, fault: dict[str, Any], lake: Any
    ) -> None:
        self.shown(lake, "ann", "R1")
        lake.act("ann", "list_click", 1, **{"recommendation_id": "R1"} | fault)
        lake.buy("ann", (1, 1, "5.00"))

        assert self.effect(lake) == {"picks": (1, 1, 0, 0, 0, Decimal(0), 0.0)}

    def test_a_purchase_before_the_click_did_not_follow_from_it(self, lake: Any) -> None:
        self.shown(lake, "ann", "R1")
        lake.act("ann", "list_click", 1, recommendation_id="R1", at=time(13))
        lake.buy("ann", (1, 1, "5.00"), at=time(12))

        assert self.effect(lake) == {"picks": (1, 1, 1, 0, 0, Decimal(0), 1.0)}

    def test_a_day_without_answers_has_no_rows(self, lake: Any) -> None:
        lake.act("ann", "list_click", 1, recommendation_id="R1")

        assert self.effect(lake) == {}
