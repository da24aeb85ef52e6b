"""A guest's cart: like a user's, without an account."""

from collections.abc import Callable

import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.models import Cart

pytestmark = pytest.mark.servers


def test_reading_writes_nothing(guest: Shopper, session: Session) -> None:
    cart = guest.client.get("/cart").json()
    assert (cart["id"], cart["lines"]) == (None, [])
    assert guest.client.delete("/cart").status_code == 204
    assert session.scalar(select(func.count()).select_from(Cart)) == 0


def test_a_guest_puts_and_takes_out(guest: Shopper, make_product: MakeProduct) -> None:
    kept, dropped = make_product(), make_product()
    for product in (kept, dropped):
        answer = guest.client.put(f"/cart/lines/{product}", json={"quantity": 2})
        assert answer.status_code == 200
    assert guest.client.delete(f"/cart/lines/{dropped}").status_code == 204
    lines = guest.client.get("/cart").json()["lines"]
    assert [(line["product_id"], line["quantity"]) for line in lines] == [(kept, 2)]


def test_guests_and_users_are_strangers(
    greet: Callable[[], Shopper], shopper: Shopper, make_product: MakeProduct
) -> None:
    one, other = greet(), greet()
    one.client.put(f"/cart/lines/{make_product()}", json={"quantity": 1})
    for stranger in (other, shopper):
        assert stranger.client.get("/cart").json()["lines"] == []


def test_a_guests_cart_cannot_be_bought_by_a_user(
    guest: Shopper, shopper: Shopper, make_product: MakeProduct
) -> None:
    cart = guest.client.put(f"/cart/lines/{make_product()}", json={"quantity": 1}).json()
    assert shopper.purchase({"cart_id": cart["id"]}).status_code == 404
