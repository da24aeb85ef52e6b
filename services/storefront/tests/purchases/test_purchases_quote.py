"""Quotes: what a purchase would cost, what would be wrong with it, and nothing written."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import InProcess, MakeProduct, Shopper
from services.storefront.tests.purchases.conftest import CountRows, StockOf
from sqlalchemy import update
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from storefront.models import IdempotencyKey, Purchase, Reservation, StockMovement

pytestmark = pytest.mark.servers

PARTS = ("subtotal", "shipping", "tax", "total", "currency")


def kind_of(problem: Any) -> str:
    return str(problem["type"].removeprefix("urn:fashion-store:problem:"))


def quote(shopper: Shopper, **body: Any) -> httpx.Response:
    return shopper.client.post("/purchases/quote", json=body)


class TestQuote:
    def test_it_is_what_the_purchase_costs(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        lines = [{"product_id": make_product(price="10.50"), "quantity": 3}]
        quoted, bought = quote(shopper, lines=lines).json(), shopper.purchase({"lines": lines})
        assert {part: quoted[part] for part in PARTS} == {
            part: bought.json()[part] for part in PARTS
        }
        assert [line | {"problems": []} for line in bought.json()["lines"]] == quoted["lines"]

    def test_every_line_says_what_is_wrong_with_it(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        good, short = make_product(price="10.00"), make_product(price="20.00", stock=1)
        lines = [
            {"product_id": good, "quantity": 1, "unit_price": "10.00"},
            {"product_id": short, "quantity": 2, "unit_price": "19.00"},
            {"product_id": 4711, "quantity": 1},
        ]
        answer = quote(shopper, lines=lines)
        assert answer.status_code == 200
        problems = [list(map(kind_of, line["problems"])) for line in answer.json()["lines"]]
        assert problems == [[], ["out-of-stock", "price-changed"], ["unknown-product"]]
        assert answer.json()["lines"][2]["unit_price"] is None
        assert answer.json()["total"] == "50.00"

    def test_nothing_is_written(
        self,
        shopper: Shopper,
        make_product: MakeProduct,
        count_rows: CountRows,
        stock_of: StockOf,
    ) -> None:
        product = make_product(stock=10)
        quote(shopper, lines=[{"product_id": product, "quantity": 3}])
        written = (Purchase, StockMovement, IdempotencyKey, Reservation)
        assert [count_rows(table) for table in written] == [0] * 4
        assert stock_of(product) == 10

    def test_a_cart_and_a_reservation_can_be_asked_for(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        product = make_product(price="5.00")
        path = f"/cart/lines/{product}"
        cart = shopper.client.put(path, json={"quantity": 2}).json()["id"]
        kept = shopper.client.post("/checkout", json={"cart_id": cart}).json()["id"]
        for body in ({"cart_id": cart}, {"reservation_id": kept}):
            assert quote(shopper, **body).json()["total"] == "10.00"

    def test_a_guest_may_ask_about_lines_and_their_own_cart(
        self, client: httpx.Client, make_product: MakeProduct
    ) -> None:
        token = client.post("/anonymous-shoppers").json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        product = make_product(price="5.00")
        path = f"/cart/lines/{product}"
        cart = client.put(path, json={"quantity": 2}, headers=bearer).json()["id"]
        answer = client.post("/purchases/quote", json={"cart_id": cart}, headers=bearer)
        assert answer.json()["total"] == "10.00"

    def test_what_an_expired_reservation_keeps_counts_as_there(
        self, register: Callable[[], Shopper], make_product: MakeProduct, session: Session
    ) -> None:
        lines = [{"product_id": make_product(stock=2), "quantity": 2}]
        register().client.post("/checkout", json={"lines": lines})
        session.execute(update(Reservation).values(expires_at=utc_now()))
        session.commit()
        assert quote(register(), lines=lines).json()["lines"][0]["problems"] == []

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 422),
            ({"cart_id": "no-such-cart"}, 404),
            ({"reservation_id": "none"}, 404),
            ({"lines": [{"product_id": 4711, "quantity": 1}]}, 422),
        ],
        ids=str,
    )
    def test_what_has_no_price_is_refused(self, shopper: Shopper, body: Any, status: int) -> None:
        assert quote(shopper, **body).status_code == status


class TestTariffs:
    async def test_tax_and_shipping_come_from_the_settings_to_the_cent(
        self, in_process: InProcess, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        lines = [{"product_id": make_product(price="100.00"), "quantity": 10}]
        headers = {
            "Authorization": shopper.client.headers["Authorization"],
            "Idempotency-Key": "k",
        }
        rules = {"prices_include_tax": False, "shipping_fee": Decimal("105.00")}
        async with in_process(rules) as client:
            answer = await client.post("/purchases", json={"lines": lines}, headers=headers)
        expected = {"subtotal": "1000.00", "shipping": "100.00", "tax": "55.00", "total": "1155.00"}
        assert answer.json().items() >= expected.items()
