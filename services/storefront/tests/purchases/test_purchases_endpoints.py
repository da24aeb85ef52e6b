"""Purchases: the shop's prices, all or nothing, and once however often a request is sent."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from decimal import Decimal
from typing import Any

import httpx
import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from fashion_contracts.events import EventType, Interaction
from storefront.database import Sessions
from storefront.models import (
    Base,
    IdempotencyKey,
    OutboxEvent,
    Product,
    Purchase,
    PurchaseLine,
    StockMovement,
)

pytestmark = pytest.mark.servers


def count(session: Session, table: type[Base]) -> int:
    return session.scalars(select(func.count()).select_from(table)).one()


def stock_of(session: Session, product_id: int) -> int:
    return session.scalars(select(Product.stock).where(Product.id == product_id)).one()


def kind_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"].removeprefix("urn:fashion-store:problem:"))


def nothing_was_sold(session: Session) -> bool:
    tables = (Purchase, PurchaseLine, StockMovement, OutboxEvent, IdempotencyKey)
    return [count(session, table) for table in tables] == [0] * len(tables)


class TestBuyingLines:
    def test_the_shop_names_the_price(self, shopper: Shopper, make_product: MakeProduct) -> None:
        one, other = make_product(price="499.50"), make_product(price="0.99")
        lines = [{"product_id": other, "quantity": 3}, {"product_id": one, "quantity": 2}]
        answer = shopper.purchase({"lines": lines})
        assert answer.status_code == 201
        bought = answer.json()
        assert (bought["status"], bought["total"], bought["currency"]) == (
            "placed",
            "1001.97",
            "INR",
        )
        parts = ("subtotal", "shipping", "tax")
        assert [bought[part] for part in parts] == ["1001.97", "0.00", "47.71"]
        assert bought["lines"] == [
            {"product_id": one, "quantity": 2, "unit_price": "499.50", "line_total": "999.00"},
            {"product_id": other, "quantity": 3, "unit_price": "0.99", "line_total": "2.97"},
        ]

    def test_the_books_agree(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product(stock=10)
        bought = shopper.buy(product, 4).json()
        purchase = session.scalars(select(Purchase)).one()
        movement = session.scalars(select(StockMovement)).one()
        assert (purchase.id, purchase.user_id) == (bought["id"], shopper.id)
        assert purchase.total == sum(line.line_total for line in purchase.lines)
        assert (movement.product_id, movement.quantity) == (product, -4)
        assert movement.purchase_id == purchase.id
        assert stock_of(session, product) == 6

    def test_each_line_leaves_an_event_in_the_outbox(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        one, other = make_product(price="10.00"), make_product(price="20.00")
        lines = [{"product_id": product, "quantity": 2} for product in (one, other)]
        bought = shopper.purchase({"lines": lines}).json()
        rows = session.scalars(select(OutboxEvent).order_by(OutboxEvent.position)).all()
        events = [Interaction.from_record(row.payload) for row in rows]
        assert [event.product_id for event in events] == [one, other]
        assert [event.price for event in events] == [Decimal("10.00"), Decimal("20.00")]
        assert {event.type for event in events} == {EventType.PURCHASE}
        assert {event.purchase_id for event in events} == {bought["id"]}
        assert {row.partition_key for row in rows} == {shopper.id}
        assert [row.event_id for row in rows] == [event.event_id for event in events]

    def test_lines_of_one_product_are_merged(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product(stock=5)
        line = {"product_id": product, "quantity": 2}
        bought = shopper.purchase({"lines": [line, line]}).json()
        assert [line["quantity"] for line in bought["lines"]] == [4]
        assert stock_of(session, product) == 1

    def test_lines_of_one_product_cannot_outrun_its_stock(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        line = {"product_id": make_product(stock=3), "quantity": 2}
        assert kind_of(shopper.purchase({"lines": [line, line]})) == "out-of-stock"

    def test_the_price_that_was_shown_is_honoured_if_it_still_holds(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        product = make_product(price="10.00")
        assert shopper.buy(product, unit_price="10").status_code == 201

    @pytest.mark.parametrize("forged", ["0.01", "0", "10.01", 9.99])
    def test_a_forged_price_is_409_and_sells_nothing(
        self, shopper: Shopper, make_product: MakeProduct, session: Session, forged: object
    ) -> None:
        answer = shopper.buy(make_product(price="10.00"), unit_price=forged)
        assert (answer.status_code, kind_of(answer)) == (409, "price-changed")
        assert answer.json()["current_unit_price"] == "10.00"
        assert nothing_was_sold(session)

    def test_what_is_sold_out_is_409_and_takes_nothing_else_along(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        there, gone = make_product(stock=5), make_product(stock=0)
        lines = [{"product_id": product, "quantity": 1} for product in (there, gone)]
        answer = shopper.purchase({"lines": lines})
        assert (answer.status_code, kind_of(answer)) == (409, "out-of-stock")
        assert nothing_was_sold(session)
        assert stock_of(session, there) == 5

    def test_an_unknown_product_is_422(self, shopper: Shopper, session: Session) -> None:
        answer = shopper.buy(4711)
        assert (answer.status_code, kind_of(answer)) == (422, "unknown-product")
        assert nothing_was_sold(session)

    def test_what_is_off_sale_is_as_unknown(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        assert kind_of(shopper.buy(make_product(is_active=False))) == "unknown-product"

    def test_a_total_beyond_the_books_is_422(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product(price="9999999999.99", stock=10)
        answer = shopper.buy(product, 2)
        assert (answer.status_code, kind_of(answer)) == (422, "total-too-large")
        assert nothing_was_sold(session)

    def test_two_currencies_do_not_make_a_purchase(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        products = (make_product(), make_product(currency="EUR"))
        lines = [{"product_id": product, "quantity": 1} for product in products]
        assert kind_of(shopper.purchase({"lines": lines})) == "mixed-currencies"

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"lines": []},
            {"lines": None, "cart_id": None},
            {"lines": [{"product_id": 1, "quantity": 1}], "cart_id": "x"},
            {"lines": [{"product_id": 1, "quantity": 0}]},
            {"lines": [{"product_id": 1, "quantity": -1}]},
            {"lines": [{"product_id": 1, "quantity": 1001}]},
            {"lines": [{"product_id": 1, "quantity": 501}] * 2},
            {"lines": [{"product_id": 1}]},
            {"lines": [{"product_id": 1, "quantity": 1, "unit_price": "-1"}]},
            {"lines": [{"product_id": 1, "quantity": 1, "unit_price": "NaN"}]},
            {"lines": [{"product_id": 1, "quantity": 1, "discount": "100"}]},
            {"lines": [{"product_id": 1, "quantity": 1}] * 101},
            [],
        ],
        ids=lambda body: str(body)[:60],
    )
    def test_a_bad_body_is_422(self, shopper: Shopper, body: Any) -> None:
        assert shopper.purchase(body).status_code == 422

    def test_broken_json_is_400(self, shopper: Shopper) -> None:
        headers = {"Idempotency-Key": "k", "content-type": "application/json"}
        answer = shopper.client.post("/purchases", content=b'{"lines": [', headers=headers)
        assert answer.status_code == 400


class TestBuyingACart:
    def fill(self, shopper: Shopper, product_id: int, quantity: int = 2) -> str:
        path = f"/cart/lines/{product_id}"
        return str(shopper.client.put(path, json={"quantity": quantity}).json()["id"])

    def test_afterwards_the_cart_is_empty(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        product = make_product()
        cart_id = self.fill(shopper, product)
        answer = shopper.purchase({"cart_id": cart_id})
        assert answer.status_code == 201
        assert [line["product_id"] for line in answer.json()["lines"]] == [product]
        cart = shopper.client.get("/cart").json()
        assert (cart["id"], cart["lines"]) == (cart_id, [])

    def test_anothers_cart_is_404_and_stays_as_it_is(
        self, register: Callable[[], Shopper], make_product: MakeProduct, session: Session
    ) -> None:
        owner, thief = register(), register()
        cart_id = self.fill(owner, make_product())
        answer = thief.purchase({"cart_id": cart_id})
        assert (answer.status_code, kind_of(answer)) == (404, "cart-not-found")
        assert len(owner.client.get("/cart").json()["lines"]) == 1
        assert nothing_was_sold(session)

    def test_a_cart_that_is_none_is_404(self, shopper: Shopper) -> None:
        assert kind_of(shopper.purchase({"cart_id": "no-such-cart"})) == "cart-not-found"

    def test_an_empty_cart_is_422(self, shopper: Shopper, make_product: MakeProduct) -> None:
        cart_id = self.fill(shopper, make_product())
        shopper.purchase({"cart_id": cart_id})
        assert kind_of(shopper.purchase({"cart_id": cart_id})) == "empty-cart"

    def test_a_price_that_changed_in_the_meantime_is_409_and_the_cart_stays(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        cart_id = self.fill(shopper, make_product(price="10.00"))
        session.execute(update(Product).values(price="12.00"))
        session.commit()
        assert kind_of(shopper.purchase({"cart_id": cart_id})) == "price-changed"
        assert len(shopper.client.get("/cart").json()["lines"]) == 1


class TestIdempotency:
    def test_the_same_request_gets_the_same_bytes(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product(stock=10)
        first, again = (shopper.buy(product, key="one-key") for _ in range(2))
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["content-type"] == first.headers["content-type"]
        assert (count(session, Purchase), stock_of(session, product)) == (1, 9)

    def test_another_spelling_of_the_same_request_is_the_same(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        product = make_product(price="10.00")
        first = shopper.buy(product, unit_price="10.00", key="k")
        spelt = f'{{ "lines":[{{"unit_price":10,"quantity":1,"product_id":{product}}}] }}'
        headers = {"Idempotency-Key": "k", "content-type": "application/json"}
        again = shopper.client.post("/purchases", content=spelt, headers=headers)
        assert again.content == first.content

    def test_the_same_key_for_another_request_is_422(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product()
        shopper.buy(product, 1, key="k")
        answer = shopper.buy(product, 2, key="k")
        assert (answer.status_code, kind_of(answer)) == (422, "idempotency-key-reused")
        assert count(session, Purchase) == 1

    def test_the_same_key_of_another_user_is_another_key(
        self, register: Callable[[], Shopper], make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product()
        for buyer in (register(), register()):
            assert buyer.buy(product, key="k").status_code == 201
        assert count(session, Purchase) == 2

    def test_keys_differ_by_case(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product()
        for key in ("key", "KEY"):
            shopper.buy(product, key=key)
        assert count(session, Purchase) == 2

    def test_a_request_in_flight_is_409_at_once(
        self, shopper: Shopper, make_product: MakeProduct, sessions: Sessions
    ) -> None:
        product = make_product()
        with ThreadPoolExecutor(2) as pool:
            with sessions() as other:
                other.execute(select(Product).with_for_update())
                waiting = {pool.submit(shopper.buy, product, key="k") for _ in range(2)}
                done, waiting = wait(waiting, timeout=30, return_when=FIRST_COMPLETED)
                answer = done.pop().result()
                assert (answer.status_code, kind_of(answer)) == (409, "request-in-flight")
            assert waiting.pop().result().status_code == 201

    def test_a_purchase_that_failed_sets_its_key_free(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product(stock=0)
        assert shopper.buy(product, key="k").status_code == 409
        session.execute(update(Product).values(stock=1))
        session.commit()
        assert shopper.buy(product, key="k").status_code == 201

    def test_without_a_key_it_is_400(self, shopper: Shopper, make_product: MakeProduct) -> None:
        body = {"lines": [{"product_id": make_product(), "quantity": 1}]}
        answer = shopper.client.post("/purchases", json=body)
        assert (answer.status_code, kind_of(answer)) == (400, "missing-idempotency-key")

    @pytest.mark.parametrize("key", ["", "x" * 256, "a b", "é".encode("latin1")])
    def test_a_key_that_is_none_is_400(self, shopper: Shopper, key: Any) -> None:
        headers: Any = {"Idempotency-Key": key}
        body = {"lines": [{"product_id": 1, "quantity": 1}]}
        answer = shopper.client.post("/purchases", json=body, headers=headers)
        assert (answer.status_code, kind_of(answer)) == (400, "invalid-idempotency-key")


class TestConcurrency:
    def test_sixteen_buyers_share_the_last_five_units(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product(stock=5)
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: shopper.buy(product).status_code, range(16)))
        assert Counter(answers) == {201: 5, 409: 11}
        assert (stock_of(session, product), count(session, Purchase)) == (0, 5)
        assert session.scalar(select(func.sum(StockMovement.quantity))) == -5

    def test_a_retry_storm_makes_one_purchase(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product(stock=10)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: shopper.buy(product, key="storm"), range(8)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        bought = [answer for answer in answers if answer.status_code == 201]
        assert len({answer.content for answer in bought}) == 1
        assert (count(session, Purchase), stock_of(session, product)) == (1, 9)
        assert shopper.buy(product, key="storm").content == bought[0].content

    def test_lines_in_any_order_do_not_deadlock(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        products = [make_product(stock=100) for _ in range(3)]
        lines = [{"product_id": product, "quantity": 1} for product in products]
        orders = [lines, lines[::-1]] * 8

        def buy(order: list[dict[str, int]]) -> int:
            return shopper.purchase({"lines": order}).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(buy, orders)) == {201}
        assert {stock_of(session, product) for product in products} == {84}

    def test_a_cart_bought_twice_at_once_is_bought_once(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        path = f"/cart/lines/{make_product(stock=100)}"
        cart_id = shopper.client.put(path, json={"quantity": 2}).json()["id"]
        with ThreadPoolExecutor(4) as pool:
            codes = list(
                pool.map(lambda _: shopper.purchase({"cart_id": cart_id}).status_code, range(4))
            )
        assert Counter(codes) == {201: 1, 422: 3}
        assert count(session, Purchase) == 1
