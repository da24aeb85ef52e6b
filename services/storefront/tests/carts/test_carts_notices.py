"""What a shopper is told of the lines in the cart, and what they cost."""

from datetime import timedelta
from typing import Any

import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper
from sqlalchemy import update
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from fashion_kit.ids import new_id
from storefront.models import Product, Reservation, ReservationLine, ReservationStatus

pytestmark = pytest.mark.servers


def put(shopper: Shopper, product: int, quantity: int = 1) -> dict[str, Any]:
    answer = shopper.client.put(f"/cart/lines/{product}", json={"quantity": quantity})
    cart: dict[str, Any] = answer.json()
    return cart


def change(session: Session, product: int, **values: Any) -> None:
    session.execute(update(Product).where(Product.id == product).values(**values))
    session.commit()


def cart_of(shopper: Shopper) -> dict[str, Any]:
    cart: dict[str, Any] = shopper.client.get("/cart").json()
    return cart


class TestNotices:
    def test_a_cart_as_it_was_put_has_none(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        assert put(shopper, make_product())["notices"] == []

    def test_a_new_price_is_told_until_the_line_is_put_again(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product(price="250.00", product_display_name="Shirt")
        put(shopper, product)
        change(session, product, price="199.00")
        assert cart_of(shopper)["notices"] == [
            {
                "kind": "price_changed",
                "product_id": product,
                "detail": "Shirt costs 199.00 INR now, not 250.00.",
                "unit_price": "250.00",
                "current_unit_price": "199.00",
            }
        ]
        assert put(shopper, product)["notices"] == []

    def test_fewer_left_says_how_many(self, shopper: Shopper, make_product: MakeProduct) -> None:
        product = make_product(stock=2)
        cart = put(shopper, product, 3)
        assert cart["notices"] == [
            {
                "kind": "fewer_left",
                "product_id": product,
                "detail": f"Of Product {product} only 2 can be had, not 3.",
                "available": 2,
            }
        ]
        assert cart["lines"][0]["available"] == 2

    def test_sold_out_and_dearer_are_both_told(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product()
        put(shopper, product)
        change(session, product, stock=0, price="1.00")
        kinds = [notice["kind"] for notice in cart_of(shopper)["notices"]]
        assert kinds == ["out_of_stock", "price_changed"]

    def test_of_what_is_no_longer_sold_nothing_else_is_told(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        product = make_product()
        put(shopper, product)
        change(session, product, is_active=False, stock=0, price="1.00")
        cart = cart_of(shopper)
        assert [notice["kind"] for notice in cart["notices"]] == ["no_longer_sold"]
        assert (cart["lines"][0]["in_stock"], cart["lines"][0]["available"]) == (False, 0)


class TestReserved:
    @pytest.mark.parametrize(
        ("status", "minutes", "in_stock"),
        [
            (ReservationStatus.HELD, 5, True),
            (ReservationStatus.HELD, -5, False),
            (ReservationStatus.RELEASED, 5, False),
        ],
    )
    def test_what_is_kept_for_the_shopper_counts_as_long_as_it_is(
        self,
        shopper: Shopper,
        make_product: MakeProduct,
        session: Session,
        status: ReservationStatus,
        minutes: int,
        in_stock: bool,
    ) -> None:
        product = make_product(stock=1)
        put(shopper, product, 3)
        lines = [ReservationLine(product_id=product, quantity=2, unit_price=1)]
        now = utc_now()
        reservation = Reservation(
            id=new_id(),
            user_id=shopper.id,
            status=status,
            expires_at=now + timedelta(minutes=minutes),
            created_at=now,
            lines=lines,
        )
        session.add(reservation)
        session.commit()
        assert cart_of(shopper)["lines"][0]["in_stock"] is in_stock


class TestSubtotal:
    def test_it_sums_what_can_be_bought_at_the_prices_of_now(
        self, shopper: Shopper, make_product: MakeProduct, session: Session
    ) -> None:
        cheaper, gone = make_product(price="100.00"), make_product()
        put(shopper, cheaper, 3)
        put(shopper, gone)
        change(session, cheaper, price="90.50")
        change(session, gone, stock=0)
        cart = cart_of(shopper)
        assert (cart["subtotal"], cart["currency"]) == ("271.50", "INR")

    def test_several_currencies_are_never_added_up(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        put(shopper, make_product())
        cart = put(shopper, make_product(currency="EUR"))
        assert (cart["subtotal"], cart["currency"]) == (None, None)

    def test_one_foreign_currency_is_the_carts(
        self, shopper: Shopper, make_product: MakeProduct
    ) -> None:
        cart = put(shopper, make_product(currency="EUR", price="5.00"), 2)
        assert (cart["subtotal"], cart["currency"]) == ("10.00", "EUR")
