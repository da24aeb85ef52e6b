"""Checkouts: units kept for a while at their prices, bought or given back."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from services.storefront.tests.conftest import InProcess, Shopper
from services.storefront.tests.purchases.checkout.conftest import (
    UNKNOWN,
    buy,
    fill_cart,
    keep,
    kept_by,
    kind_of,
)
from services.storefront.tests.purchases.conftest import CountRows, StockOf
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from storefront.models import (
    Product,
    Purchase,
    User,
)

pytestmark = pytest.mark.servers


class TestOpen:
    def test_the_units_leave_the_stock_at_the_prices_of_now(
        self, shopper: Shopper, stocked: Callable[..., int], stock_of: StockOf
    ) -> None:
        product = stocked(10, price="10.50")
        answer = keep(shopper, product, 3)
        assert answer.status_code == 201
        kept = answer.json()
        assert kept["lines"] == [
            {"product_id": product, "quantity": 3, "unit_price": "10.50", "line_total": "31.50"}
        ]
        assert (kept["status"], kept["total"], kept["currency"]) == ("held", "31.50", "INR")
        assert utc_now() < datetime.fromisoformat(kept["expires_at"])
        assert stock_of(product) == 7

    def test_a_cart_can_be_kept_and_keeps_its_lines(
        self, shopper: Shopper, stocked: Callable[..., int]
    ) -> None:
        product = stocked()
        cart_id = fill_cart(shopper, product)
        answer = shopper.client.post("/checkout", json={"cart_id": cart_id})
        assert [line["product_id"] for line in answer.json()["lines"]] == [product]
        assert len(shopper.client.get("/cart").json()["lines"]) == 1

    def test_a_new_one_gives_back_what_the_one_before_kept(
        self,
        shopper: Shopper,
        stocked: Callable[..., int],
        stock_of: StockOf,
        reasons: Callable[[int], list[tuple[str, int]]],
    ) -> None:
        product = stocked(10)
        first = kept_by(shopper, product, 6)
        assert keep(shopper, product, 10).status_code == 201
        assert stock_of(product) == 0
        assert shopper.client.get(f"/checkout/{first}").json()["status"] == "released"
        assert reasons(product) == [("reservation", -6), ("release", 6), ("reservation", -10)]

    def test_one_that_is_refused_leaves_the_one_before(
        self, shopper: Shopper, stocked: Callable[..., int], stock_of: StockOf
    ) -> None:
        product = stocked(10)
        first = kept_by(shopper, product, 6)
        answer = keep(shopper, product, 11)
        assert (answer.status_code, kind_of(answer)) == (409, "out-of-stock")
        assert shopper.client.get(f"/checkout/{first}").json()["status"] == "held"
        assert stock_of(product) == 4

    def test_anothers_expired_one_does_not_stand_in_the_way(
        self,
        register: Callable[[], Shopper],
        stocked: Callable[..., int],
        expire: Callable[[], None],
    ) -> None:
        product = stocked(5)
        keep(register(), product, 5)
        expire()
        assert keep(register(), product, 5).status_code == 201

    def test_two_at_once_keep_no_more_than_one(
        self, shopper: Shopper, stocked: Callable[..., int], stock_of: StockOf
    ) -> None:
        product = stocked(10)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: keep(shopper, product, 3), range(4)))
        assert {answer.status_code for answer in answers} == {201}
        assert stock_of(product) == 7

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 422),
            ({"lines": []}, 422),
            ({"reservation_id": UNKNOWN}, 422),
            ({"lines": [{"product_id": 1, "quantity": 1}], "cart_id": "x"}, 422),
            ({"cart_id": "no-such-cart"}, 404),
            ({"lines": [{"product_id": 4711, "quantity": 1}]}, 422),
        ],
        ids=str,
    )
    def test_what_cannot_be_kept_is_refused(self, shopper: Shopper, body: Any, status: int) -> None:
        assert shopper.client.post("/checkout", json=body).status_code == status

    def test_a_dead_account_keeps_nothing(
        self, shopper: Shopper, stocked: Callable[..., int], session: Session
    ) -> None:
        session.execute(update(User).values(erased_at=utc_now()))
        session.commit()
        answer = keep(shopper, stocked())
        assert (answer.status_code, kind_of(answer)) == (401, "unknown-user")

    async def test_a_shop_without_reservations_says_so(
        self, in_process: InProcess, shopper: Shopper
    ) -> None:
        async with in_process({"reservation_lifetime": timedelta(0)}) as client:
            answer = await client.post(
                "/checkout",
                json={"lines": [{"product_id": 1, "quantity": 1}]},
                headers={"Authorization": shopper.client.headers["Authorization"]},
            )
        assert (answer.status_code, kind_of(answer)) == (404, "checkout-disabled")


class TestShowAndGiveBack:
    def test_what_is_given_back_is_for_sale_again_and_twice_is_harmless(
        self, shopper: Shopper, stocked: Callable[..., int], stock_of: StockOf
    ) -> None:
        product = stocked(10)
        path = f"/checkout/{kept_by(shopper, product, 4)}"
        codes = [shopper.client.delete(path).status_code for _ in range(2)]
        assert (codes, stock_of(product)) == ([204, 204], 10)
        assert shopper.client.get(path).json()["status"] == "released"

    def test_what_was_bought_cannot_be_given_back(
        self, shopper: Shopper, stocked: Callable[..., int]
    ) -> None:
        kept = kept_by(shopper, stocked())
        buy(shopper, kept)
        answer = shopper.client.delete(f"/checkout/{kept}")
        assert (answer.status_code, kind_of(answer)) == (409, "reservation-used")
        assert shopper.client.get(f"/checkout/{kept}").json()["status"] == "used"

    def test_one_whose_time_is_over_shows_that(
        self, shopper: Shopper, stocked: Callable[..., int], expire: Callable[[], None]
    ) -> None:
        kept = kept_by(shopper, stocked())
        expire()
        assert shopper.client.get(f"/checkout/{kept}").json()["status"] == "released"

    def test_anothers_is_404_and_stays(
        self, register: Callable[[], Shopper], stocked: Callable[..., int], stock_of: StockOf
    ) -> None:
        product = stocked(10)
        path, thief = f"/checkout/{kept_by(register(), product, 4)}", register().client
        for answer in (thief.get(path), thief.delete(path)):
            assert (answer.status_code, kind_of(answer)) == (404, "reservation-not-found")
        assert stock_of(product) == 6

    @pytest.mark.parametrize("reservation_id", [UNKNOWN, "x", "é"])
    def test_an_unknown_one_is_404(self, shopper: Shopper, reservation_id: str) -> None:
        assert shopper.client.get(f"/checkout/{reservation_id}").status_code == 404


class TestBuy:
    def test_the_price_holds_and_the_stock_is_not_asked_again(
        self,
        shopper: Shopper,
        stocked: Callable[..., int],
        session: Session,
        reasons: Callable[[int], list[tuple[str, int]]],
    ) -> None:
        product = stocked(2, price="10.00")
        kept = kept_by(shopper, product, 2)
        session.execute(update(Product).values(price="99.00", is_active=False))
        session.commit()
        answer = buy(shopper, kept)
        assert (answer.status_code, answer.json()["total"]) == (201, "20.00")
        assert reasons(product) == [("reservation", -2), ("release", 2), ("purchase", -2)]
        assert session.scalars(select(Product.units_sold)).one() == 2

    def test_the_cart_it_came_from_is_emptied(
        self, shopper: Shopper, stocked: Callable[..., int]
    ) -> None:
        cart_id = fill_cart(shopper, stocked())
        kept = shopper.client.post("/checkout", json={"cart_id": cart_id}).json()["id"]
        assert buy(shopper, kept).status_code == 201
        assert shopper.client.get("/cart").json()["lines"] == []

    def test_what_was_put_into_the_cart_since_stays_there(
        self, shopper: Shopper, stocked: Callable[..., int]
    ) -> None:
        cart_id = fill_cart(shopper, stocked())
        kept = shopper.client.post("/checkout", json={"cart_id": cart_id}).json()["id"]
        later = stocked()
        fill_cart(shopper, later)
        assert buy(shopper, kept).status_code == 201
        lines = shopper.client.get("/cart").json()["lines"]
        assert [line["product_id"] for line in lines] == [later]

    def test_a_second_purchase_is_409_and_a_retry_is_the_same_one(
        self, shopper: Shopper, stocked: Callable[..., int], count_rows: CountRows
    ) -> None:
        kept = kept_by(shopper, stocked())
        first, again = (buy(shopper, kept, key="k") for _ in range(2))
        assert again.content == first.content
        other = buy(shopper, kept)
        assert (other.status_code, kind_of(other)) == (409, "reservation-used")
        assert count_rows(Purchase) == 1

    def test_several_at_once_buy_it_once(
        self, shopper: Shopper, stocked: Callable[..., int], count_rows: CountRows
    ) -> None:
        kept = kept_by(shopper, stocked())
        with ThreadPoolExecutor(4) as pool:
            codes = list(pool.map(lambda _: buy(shopper, kept).status_code, range(4)))
        assert Counter(codes) == {201: 1, 409: 3}
        assert count_rows(Purchase) == 1

    def test_what_is_over_or_given_back_is_409(
        self, shopper: Shopper, stocked: Callable[..., int], expire: Callable[[], None]
    ) -> None:
        returned = kept_by(shopper, stocked())
        shopper.client.delete(f"/checkout/{returned}")
        expired = kept_by(shopper, stocked())
        expire()
        for kept in (returned, expired):
            answer = buy(shopper, kept)
            assert (answer.status_code, kind_of(answer)) == (409, "reservation-expired")

    def test_anothers_is_404(
        self, register: Callable[[], Shopper], stocked: Callable[..., int]
    ) -> None:
        answer = buy(register(), kept_by(register(), stocked()))
        assert (answer.status_code, kind_of(answer)) == (404, "reservation-not-found")
