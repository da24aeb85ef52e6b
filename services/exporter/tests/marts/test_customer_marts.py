"""Who buys, comes back and what goes together: the answers are worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fashion_contracts.marts import BASKET_PAIRS, COHORT_RETENTION, CUSTOMER_RFM, SALES_DAILY

DAY = date(2026, 3, 8)

pytestmark = pytest.mark.servers


class TestCohorts:
    def test_buyers_are_followed_from_the_month_they_began_in(self, lake: Any) -> None:
        january, february = date(2026, 1, 31), date(2026, 2, 1)
        lake.buy("ann", (1, 1, "10.00"), day=january)
        lake.buy("bob", (1, 1, "10.00"), day=january)
        lake.buy("ann", (1, 1, "20.00"), day=february)
        lake.buy("bob", (1, 1, "90.00"), day=february, status="cancelled")
        lake.buy("cid", (1, 1, "5.00"), day=february)
        lake.buy("cid", (1, 1, "5.00"), day=february)
        lake.buy("bob", (1, 1, "30.00"), day=DAY)
        lake.refresh(only=[COHORT_RETENTION])

        names = ("months_later", "buyers", "cohort_size", "share", "revenue")
        found = [tuple(row[name] for name in names) for row in lake.rows(COHORT_RETENTION)]
        assert found == [
            (0, 2, 2, 1.0, Decimal("20.00")),
            (1, 1, 2, 0.5, Decimal("20.00")),
            (2, 1, 2, 0.5, Decimal("30.00")),
            (0, 1, 1, 1.0, Decimal("10.00")),
            (1, 0, 1, 0.0, Decimal(0)),
        ]
        assert {row["as_of"] for row in lake.rows(COHORT_RETENTION)} == {DAY}
        assert [str(row["cohort"]) for row in lake.rows(COHORT_RETENTION)][::3] == [
            "2026-01-01",
            "2026-02-01",
        ]

    @settings(
        max_examples=5,
        phases=[Phase.explicit, Phase.generate],  # a lake for each try: shrinking takes minutes
    )
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["ann", "bob", "cid"]),
                st.integers(0, 3).map(lambda weeks: DAY - timedelta(weeks=2 * weeks)),
                st.sampled_from(["placed", "refunded", "cancelled"]),
                st.decimals("0.01", "9.99", places=2).map(str),
            ),
            min_size=1,
            max_size=8,
        )
    )
    def test_cohorts_and_days_come_to_the_same_money_and_buyers(
        self, new_lake: Any, purchases: list[tuple[str, date, str, str]]
    ) -> None:
        lake = new_lake()
        for user, day, status, price in purchases:
            lake.buy(user, (1, 1, price), day=day, status=status)
        lake.refresh(only=[COHORT_RETENTION, SALES_DAILY])

        cohorts, days = lake.rows(COHORT_RETENTION), lake.rows(SALES_DAILY)
        assert sum(r["revenue"] for r in cohorts) == sum(r["revenue"] for r in days)
        began = sum(row["cohort_size"] for row in cohorts if row["months_later"] == 0)
        assert began == sum(row["new_buyers"] for row in days)


class TestRfm:
    def test_buyers_are_scored_in_fifths(self, lake: Any) -> None:
        # u1 bought once long ago ... u5 five times, and yesterday.
        for number in range(1, 6):
            for purchase in range(number):
                day = DAY - timedelta(days=10 * (5 - number) + 1 + purchase)
                lake.buy(f"u{number}", (1, 1, f"{number}.00"), day=day)
        lake.buy("u1", (1, 1, "99.00"), status="refunded")
        lake.buy("u1", (1, 1, "99.00"), status="cancelled")
        lake.refresh(only=[CUSTOMER_RFM])

        names = ("recency_days", "frequency", "monetary")
        scores = ("recency_score", "frequency_score", "monetary_score")
        rows = lake.rows(CUSTOMER_RFM)
        assert [tuple(row[name] for name in names) for row in rows] == [
            (41, 1, Decimal("1.00")),
            (31, 2, Decimal("4.00")),
            (21, 3, Decimal("9.00")),
            (11, 4, Decimal("16.00")),
            (1, 5, Decimal("25.00")),
        ]
        assert [[row[name] for name in scores] for row in rows] == [[n] * 3 for n in range(1, 6)]
        segments = [row["segment"] for row in rows]
        assert segments == ["lost", "lost", "loyal", "champion", "champion"]

    def test_equal_buyers_have_equal_scores_and_who_bought_today_is_not_lost(
        self, lake: Any
    ) -> None:
        for number in range(10):
            lake.buy(f"u{number}", (1, 1, "5.00"))
        lake.refresh(only=[CUSTOMER_RFM])

        found = lake.rows(CUSTOMER_RFM)
        assert [row["recency_score"] for row in found] == [5] * 10
        assert {row["segment"] for row in found} == {"new"}


class TestPairs:
    def test_baskets_count_each_product_once(self, lake: Any) -> None:
        lake.buy("ann", (1, 1, "5.00"), (2, 1, "5.00"), (2, 3, "5.00"))
        lake.buy("bob", (1, 1, "5.00"), (2, 1, "5.00"), (3, 1, "5.00"))
        lake.buy("cid", (1, 2, "5.00"), (1, 2, "5.00"))  # no pair: the same product twice
        lake.buy("dan", (4, 1, "5.00"))
        lake.buy("eve", (1, 1, "5.00"), (3, 1, "5.00"), status="cancelled")
        lake.buy("fay", (1, 1, "5.00"), (3, 1, "5.00"), day=DAY - timedelta(days=90))  # too old
        lake.refresh(only=[BASKET_PAIRS])

        # Four baskets: 1 is in three, 2 in two, both together in two.
        names = ("product_id", "with_product_id", "baskets", "support", "confidence", "lift")
        found = [tuple(row[name] for name in names) for row in lake.rows(BASKET_PAIRS)]
        assert found == [
            (1, 2, 2, 0.5, pytest.approx(2 / 3), pytest.approx((2 / 3) / (2 / 4))),
            (2, 1, 2, 0.5, 1.0, pytest.approx(1 / (3 / 4))),
        ]
