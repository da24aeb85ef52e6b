"""Entity tags: whoever changes a cart they have not seen learns of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from services.storefront.tests.conftest import MakeProduct, Shopper
from sqlalchemy import update
from sqlalchemy.orm import Session

from storefront.models import Product

pytestmark = pytest.mark.servers


def put(shopper: Shopper, product: int, if_match: str | None, quantity: int = 1) -> httpx.Response:
    headers = {"If-Match": if_match} if if_match else {}
    return shopper.client.put(
        f"/cart/lines/{product}", json={"quantity": quantity}, headers=headers
    )


def tag(shopper: Shopper) -> str:
    return shopper.client.get("/cart").headers["etag"]


def test_every_answer_tells_the_tag_that_holds(shopper: Shopper, make_product: MakeProduct) -> None:
    product = make_product()
    answer = put(shopper, product, None)
    assert answer.headers["etag"] == tag(shopper)
    assert answer.headers["cache-control"] == "no-store"
    for path in (f"/cart/lines/{product}", "/cart"):
        assert shopper.client.delete(path).headers["etag"] == tag(shopper)


def test_each_change_changes_it(shopper: Shopper, make_product: MakeProduct) -> None:
    product = make_product()
    tags = [tag(shopper), put(shopper, product, None).headers["etag"]]
    tags.append(put(shopper, product, tags[-1], 2).headers["etag"])
    path = f"/cart/lines/{product}"
    deleted = shopper.client.delete(path, headers={"If-Match": tags[-1]})
    tags.append(deleted.headers["etag"])
    assert len(set(tags)) == len(tags)


def test_the_tag_of_no_cart_guards_the_first_line(
    shopper: Shopper, make_product: MakeProduct
) -> None:
    product, before = make_product(), tag(shopper)
    assert [put(shopper, product, before).status_code for _ in range(2)] == [200, 412]


def test_a_price_of_now_is_no_change_of_the_lines(
    shopper: Shopper, make_product: MakeProduct, session: Session
) -> None:
    product = make_product()
    before = put(shopper, product, None).headers["etag"]
    session.execute(update(Product).values(price="1.00", stock=0))
    session.commit()
    assert tag(shopper) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda client, product, headers: client.put(
            f"/cart/lines/{product}", json={"quantity": 9}, headers=headers
        ),
        lambda client, product, headers: client.delete(f"/cart/lines/{product}", headers=headers),
        lambda client, product, headers: client.delete("/cart", headers=headers),
    ],
    ids=["put", "delete line", "empty"],
)
def test_a_change_of_what_was_not_seen_is_412_and_changes_nothing(
    shopper: Shopper, make_product: MakeProduct, change: Callable[..., httpx.Response]
) -> None:
    product = make_product()
    old = put(shopper, product, None).headers["etag"]
    now = put(shopper, product, None, 2).headers["etag"]
    answer = change(shopper.client, product, {"If-Match": old})
    assert (answer.status_code, answer.json()["etag"]) == (412, now)
    (line,) = shopper.client.get("/cart").json()["lines"]
    assert (line["quantity"], tag(shopper)) == (2, now)


def test_of_two_tabs_with_one_tag_one_is_refused(
    shopper: Shopper, make_product: MakeProduct
) -> None:
    products = [make_product() for _ in range(4)]
    for product in products:
        seen = tag(shopper)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(partial(put, shopper, if_match=seen), [product] * 4))
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
