"""What was sold: the answers are worked out by hand beside the purchases."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fashion_contracts.marts import PRODUCT_DAILY, SALES_DAILY

DAY = date(2026, 3, 8)
BEFORE = DAY - timedelta(days=1)
AFTER = DAY + timedelta(days=1)

pytestmark = pytest.mark.servers


class TestSales:
    def test_the_days_purchases_add_up(self, lake: Any) -> None:
        lake.buy("ann", (1, 1, "10.00"), day=BEFORE)
        lake.buy("ann", (1, 2, "10.00"), (2, 1, "5.50"), shipping="4.50")  # 25.50 + 4.50
        lake.buy("bob", (1, 1, "10.00"))
        lake.buy("bob", (3, 1, "7.25"), status="refunded")
        lake.buy("cid", (1, 9, "99.00"), status="cancelled", shipping="9.00")
        lake.refresh(DAY, only=[SALES_DAILY])

        [row] = lake.rows(SALES_DAILY)
        assert row == {
            "purchases": 3,
            "units": 5,
            "buyers": 2,
            "new_buyers": 1,  # ann had bought before; cid has not bought at all
            "goods": Decimal("42.75"),
            "shipping": Decimal("4.50"),
            "tax": Decimal("1.00"),
            "revenue": Decimal("47.25"),
            "cancelled": 1,
            "refunded": 1,
            "refunds": Decimal("7.25"),
            "business_day": DAY,
        }

    def test_a_day_without_sales_is_a_row_of_zeros(self, lake: Any) -> None:
        lake.refresh(DAY, only=[SALES_DAILY])

        [row] = lake.rows(SALES_DAILY)
        assert row.pop("business_day") == DAY
        assert set(row.values()) == {0}

    def test_two_lines_of_one_purchase_count_its_shipping_once(self, lake: Any) -> None:
        lake.buy("ann", (1, 1, "10.00"), (1, 1, "10.00"), shipping="3.00")
        lake.refresh(DAY, only=[SALES_DAILY])

        [row] = lake.rows(SALES_DAILY)
        assert (row["purchases"], row["units"], row["shipping"]) == (1, 2, Decimal("3.00"))
        assert row["revenue"] == row["goods"] + row["shipping"] == Decimal("23.00")

    def test_a_cancelled_first_purchase_leaves_a_buyer_new(self, lake: Any) -> None:
        lake.buy("ann", (1, 1, "10.00"), day=BEFORE, status="cancelled")
        lake.buy("ann", (1, 1, "10.00"))
        lake.refresh(only=[SALES_DAILY])

        assert [row["new_buyers"] for row in lake.rows(SALES_DAILY)] == [0, 1]

    def test_an_earlier_day_that_changes_takes_new_buyers_from_later_ones(self, lake: Any) -> None:
        lake.buy("ann", (1, 1, "10.00"), day=AFTER)
        lake.refresh(only=[SALES_DAILY])
        assert [row["new_buyers"] for row in lake.rows(SALES_DAILY)] == [1]

        lake.buy("ann", (1, 1, "10.00"))
        lake.refresh(DAY, only=[SALES_DAILY])

        assert [row["new_buyers"] for row in lake.rows(SALES_DAILY)] == [1, 0]

    def test_erased_buyers_stay_as_many_as_their_purchases_and_are_never_new(
        self, lake: Any
    ) -> None:
        for _ in range(3):
            lake.buy("erased", (1, 1, "10.00"))
        lake.buy("ann", (1, 1, "10.00"))
        lake.buy("ann", (1, 1, "10.00"))
        lake.refresh(DAY, only=[SALES_DAILY])

        [row] = lake.rows(SALES_DAILY)
        assert (row["purchases"], row["buyers"], row["new_buyers"]) == (5, 4, 1)


class TestProducts:
    def test_each_product_has_what_became_of_it(self, lake: Any) -> None:
        lake.act("ann", "product_view", 1)
        lake.act("ann", "list_click", 1)
        lake.act("bob", "product_view", 1)
        lake.act("bob", "add_to_cart", 2)
        lake.act("bob", "purchase", 2)
        lake.act("bob", "search")
        lake.act("cid", "product_view", 1, day=BEFORE)
        lake.buy("bob", (2, 1, "5.00"), (2, 2, "5.00"))  # two lines of the same product
        lake.buy("cid", (3, 1, "9.00"), status="cancelled")
        lake.buy("dan", (4, 1, "3.00"))  # never looked at that day
        lake.refresh(DAY, only=[PRODUCT_DAILY])

        names = ("product_id", "views", "viewers", "carts", "purchases", "units", "revenue")
        assert [tuple(row[name] for name in names) for row in lake.rows(PRODUCT_DAILY)] == [
            (1, 3, 2, 0, 0, 0, Decimal(0)),
            (2, 0, 0, 1, 1, 3, Decimal("15.00")),
            (4, 0, 0, 0, 1, 1, Decimal("3.00")),
        ]

    def test_a_day_without_acts_has_no_products(self, lake: Any) -> None:
        lake.refresh(DAY, only=[PRODUCT_DAILY])

        assert lake.rows(PRODUCT_DAILY) == []
