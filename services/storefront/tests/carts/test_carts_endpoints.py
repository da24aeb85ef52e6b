"""The cart: its owner's, and nobody else's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from fashion_kit.clock import utc_now
from storefront.models import Cart, Product, User

pytestmark = pytest.mark.servers


def put(shopper: Shopper, product_id: int, quantity: int = 1) -> httpx.Response:
    return shopper.client.put(f"/cart/lines/{product_id}", json={"quantity": quantity})


def test_a_new_users_cart_is_empty(shopper: Shopper) -> None:
    assert shopper.client.get("/cart").json() == {
        "id": None,
        "lines": [],
        "notices": [],
        "subtotal": "0.00",
        "currency": "INR",
    }


def test_a_line_holds_quantity_and_price(shopper: Shopper, make_product: MakeProduct) -> None:
    product = make_product(price="250.00", product_display_name="Shirt")
    cart = put(shopper, product, 3).json()
    assert cart["lines"] == [
        {
            "product_id": product,
            "product_display_name": "Shirt",
            "image_url": f"/products/{product}/image.svg",
            "quantity": 3,
            "unit_price": "250.00",
            "current_unit_price": "250.00",
            "line_total": "750.00",
            "currency": "INR",
            "in_stock": True,
            "available": None,
        }
    ]
    assert shopper.client.get("/cart").json() == cart


def test_putting_a_line_again_replaces_it(shopper: Shopper, make_product: MakeProduct) -> None:
    product = make_product()
    first = put(shopper, product, 3).json()
    again = put(shopper, product, 1).json()
    assert [line["quantity"] for line in again["lines"]] == [1]
    assert again["id"] == first["id"]


def test_a_cart_shows_both_prices_when_one_has_changed(
    shopper: Shopper, make_product: MakeProduct, session: Session
) -> None:
    product = make_product(price="250.00")
    put(shopper, product)
    session.execute(update(Product).values(price="199.00"))
    session.commit()
    (line,) = shopper.client.get("/cart").json()["lines"]
    assert (line["unit_price"], line["current_unit_price"]) == ("250.00", "199.00")


def test_a_line_of_more_than_is_left_says_so(shopper: Shopper, make_product: MakeProduct) -> None:
    product = make_product(stock=2)
    assert put(shopper, product, 3).json()["lines"][0]["in_stock"] is False


def test_deleting_takes_the_line_out_and_can_be_repeated(
    shopper: Shopper, make_product: MakeProduct
) -> None:
    kept, dropped = make_product(), make_product()
    put(shopper, kept)
    put(shopper, dropped)
    for _ in range(2):
        assert shopper.client.delete(f"/cart/lines/{dropped}").status_code == 204
    lines = shopper.client.get("/cart").json()["lines"]
    assert [line["product_id"] for line in lines] == [kept]


def test_deleting_from_a_cart_that_never_was_is_no_error(shopper: Shopper) -> None:
    assert shopper.client.delete("/cart/lines/1").status_code == 204


def test_emptying_takes_every_line_out_and_keeps_the_cart(
    shopper: Shopper, make_product: MakeProduct
) -> None:
    put(shopper, make_product())
    cart = put(shopper, make_product()).json()
    for _ in range(2):
        assert shopper.client.delete("/cart").status_code == 204
    emptied = shopper.client.get("/cart").json()
    assert (emptied["id"], emptied["lines"]) == (cart["id"], [])


def test_the_products_own_image_is_shown(shopper: Shopper, make_product: MakeProduct) -> None:
    (line,) = put(shopper, make_product(image_url="https://img.example/1.jpg")).json()["lines"]
    assert line["image_url"] == "https://img.example/1.jpg"


def test_a_product_that_is_no_longer_on_sale_cannot_be_put(
    shopper: Shopper, make_product: MakeProduct
) -> None:
    answer = put(shopper, make_product(is_active=False))
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[1]) == (
        404,
        "product-not-found",
    )


def test_an_erased_users_token_opens_no_cart(
    shopper: Shopper, make_product: MakeProduct, session: Session
) -> None:
    product = make_product()
    session.execute(update(User).values(erased_at=utc_now()))
    session.commit()
    answers = [
        shopper.client.get("/cart"),
        put(shopper, product),
        shopper.client.delete(f"/cart/lines/{product}"),
        shopper.client.delete("/cart"),
    ]
    assert {answer.status_code for answer in answers} == {401}


def test_carts_are_strangers_to_one_another(
    register: Callable[[], Shopper], make_product: MakeProduct
) -> None:
    one, other = register(), register()
    put(one, make_product())
    assert other.client.get("/cart").json()["lines"] == []


def test_an_unknown_product_is_404_and_leaves_no_cart(shopper: Shopper) -> None:
    assert put(shopper, 4711).status_code == 404
    assert shopper.client.get("/cart").json()["id"] is None


@pytest.mark.parametrize("quantity", [0, -1, 1001, 1.5, "x", None])
def test_a_quantity_that_is_none_is_422(
    shopper: Shopper, make_product: MakeProduct, quantity: object
) -> None:
    path = f"/cart/lines/{make_product()}"
    assert shopper.client.put(path, json={"quantity": quantity}).status_code == 422


def test_a_cart_holds_no_more_than_a_purchase_may(
    shopper: Shopper, make_product: MakeProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.carts.service.MAX_LINES", 2)
    products = [make_product() for _ in range(3)]
    answers = [put(shopper, product).status_code for product in (*products, products[0])]
    assert answers == [200, 200, 422, 200]


def test_two_tabs_at_once_share_one_cart(
    shopper: Shopper, make_product: MakeProduct, session: Session
) -> None:
    products = [make_product() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda product: put(shopper, product), products))
    assert {answer.status_code for answer in answers} == {200}
    assert session.scalar(select(func.count()).select_from(Cart)) == 1
    lines = shopper.client.get("/cart").json()["lines"]
    assert [line["product_id"] for line in lines] == products
